"""Who cannot be compared, and why, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.results import Agreement, Measured, Skipped
from infer_compare.stats.wording import count, significant
from infer_compare.verdicts.outcome_kinds import outcome_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.results import Point, Run


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """A contender without a place in the ranking."""

    contender: str
    reason: str
    """A clause without the contender's name: `ran out of memory at batch 1: ...`."""

    def sentence(self) -> str:
        """Such as `torch is not ranked: its outputs differ from those of onnx ...`."""
        return f"{self.contender} is not ranked: {self.reason}"


def over_budget_words(cores: float, threads: int) -> str:
    """Return why a point has no figures, as a clause: `used 1.7 cores at a budget of 1 thread`."""
    return f"used {significant(cores, 2)} cores at a budget of {count(threads, 'thread')}"


def difference_words(agreement: Agreement) -> str:
    """Why the outputs count as different, as a clause."""
    worst = max((one.needed_rtol for one in agreement.outputs), default=None)
    clause = f"its outputs differ from those of {agreement.reference} at {agreement.point}"
    if agreement.reason:
        return f"{clause}: {agreement.reason}"
    if worst is None:
        return clause
    return f"{clause}: relative difference {significant(worst, 2)}, allowed {significant(agreement.rtol, 2)}"


def exclusions(run: Run, points: Iterable[Point], liars: Mapping[str, str]) -> tuple[Excluded, ...]:
    """The contenders that are not ranked, in the order in which they were asked for.

    Args:
        run: the run.
        points: its points.
        liars: the contenders whose clock cannot be right, with the reason.
    """
    unusable = {one.contender: one.outcome for one in run.unusable}
    by_contender: dict[str, list[Point]] = {label: [] for label in run.labels}
    for point in points:
        by_contender.setdefault(point.contender, []).append(point)
    found: list[Excluded] = []
    for label in run.labels:
        if (differs := run.differs(label)) is not None:
            reason = difference_words(differs)
        elif label in liars:
            reason = liars[label]
        elif label in unusable:
            reason = f"it {outcome_words(unusable[label])}"
        elif any(point.measured for point in by_contender[label]):
            continue
        else:
            reason = _nothing_measured(by_contender[label], run.header.plan.threads)
        found.append(Excluded(contender=label, reason=reason))
    return tuple(found)


def _nothing_measured(points: list[Point], threads: int) -> str:
    for point in points:
        if not isinstance(point.outcome, Measured | Skipped):
            return f"it {outcome_words(point.outcome)} at {point.point}"
    greedy = max((point.excess_cores for point in points if point.excess_cores is not None), default=None)
    if greedy is not None:
        return f"it {over_budget_words(greedy, threads)}"
    if any(isinstance(point.outcome, Measured) for point in points):
        refused = any(point.slices for point in points)
        return "every slice was disturbed by other processes" if refused else "it ran, and no round was measured"
    return f"it {outcome_words(points[0].outcome)}" if points else "it was not run"
