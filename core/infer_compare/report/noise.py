"""The disturbances of a run, counted over the slices that the gate rejected."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from infer_compare.report.schema import Cause, Noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.results import ForeignProcess, Run, Slice

_FIGURES = re.compile(r"\d[\d.,]*")


def noise(run: Run) -> Noise:
    """Return how many slices were rejected, why, and which other process was busiest."""
    slices = [piece for round_ in run.rounds for piece in round_.slices]
    rejected = [piece for piece in slices if piece.rejected is not None]
    return Noise(slices=len(slices), rejected=len(rejected), causes=_causes(rejected), top=_top(rejected))


def _causes(rejected: Sequence[Slice]) -> tuple[Cause, ...]:
    examples: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for piece in rejected:
        cause = piece.rejected or ""
        kind = _FIGURES.sub("0", cause)
        examples.setdefault(kind, cause)
        counts[kind] += 1
    return tuple(Cause(example=examples[kind], slices=number) for kind, number in counts.most_common())


def _top(rejected: Sequence[Slice]) -> ForeignProcess | None:
    processes = [piece.diagnostics.top for piece in rejected if piece.diagnostics and piece.diagnostics.top]
    if not processes:
        return None
    (pid, _), *_ = Counter(process.pid for process in processes).most_common(1)
    return max((process for process in processes if process.pid == pid), key=lambda process: process.share)
