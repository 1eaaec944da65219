"""The Pareto front of a run in throughput, latency, output error and memory."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.verdicts.output_errors import output_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.results import Point, Run
    from infer_compare.verdicts.figures import Figures
    from infer_compare.verdicts.measurements import Candidate


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A contender at an operating point, with the criteria for choosing it. An unknown value counts as the worst."""

    contender: str
    point: OperatingPoint
    throughput: float
    """Samples per second; more is better."""
    latency_ns: float
    """95th percentile; less is better, as for the following criteria."""
    error: float | None = None
    """The output error, relative to the largest output of the reference."""
    memory: int | None = None
    """Peak of resident memory, in bytes."""

    @property
    def costs(self) -> tuple[float, float, float, float]:
        """The criteria as numbers of which less is better."""
        error = inf if self.error is None else self.error
        memory = inf if self.memory is None else float(self.memory)
        return -self.throughput, self.latency_ns, error, memory


def dominates(choice: Choice, other: Choice) -> bool:
    """Return whether a choice is at least as good as another in all criteria, and better in one of them."""
    pairs = list(zip(choice.costs, other.costs, strict=True))
    return all(mine <= theirs for mine, theirs in pairs) and any(mine < theirs for mine, theirs in pairs)


def front(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """Return the choices that no other dominates, the highest throughput first."""
    every = list(choices)
    kept = (choice for choice in every if not any(dominates(other, choice) for other in every))
    return tuple(sorted(kept, key=lambda choice: choice.costs))


def choices(run: Run, points: Iterable[Point], table: Mapping[Candidate, Figures]) -> tuple[Choice, ...]:
    """Return all measured points as choices.

    Args:
        run: the run.
        points: of the contenders that are ranked.
        table: their figures.
    """
    errors = {label: output_error(run, label) for label in run.labels}
    options = []
    for point in points:
        figures = table.get((point.contender, point.point))  # type: ignore[call-overload]
        if figures is None:
            continue
        error, memory = errors[point.contender], point.memory
        options.append(
            Choice(
                contender=point.contender,
                point=point.point,
                throughput=figures.throughput,
                latency_ns=figures.latency_p95_ns,
                error=None if error is None else error.relative,
                memory=None if memory is None else memory.resident,
            )
        )
    return tuple(options)
