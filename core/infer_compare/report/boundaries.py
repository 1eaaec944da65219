"""How large a batch each contender bears, with the figures of memory that go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.lines import Line
from infer_compare.report.schema import AxisBoundary, Boundary
from infer_compare.report.sentences.outcomes import outcome_words
from infer_compare.report.words import plain, size
from infer_compare.results import AnyOutcome, AxisLimit, LimitReached, Measured, Memory, OutOfMemory
from infer_compare.stats.drift import theil_sen_slope
from infer_compare.stats.wording import count
from infer_compare.verdicts.outcome_kinds import tag_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.report.schema import Axes
    from infer_compare.results import Limit, Point, Run

FEWEST_SIZES = 3
"""Through fewer sizes a line of memory against batch size says nothing."""


def boundary(run: Run, label: str, axes: Axes, points: Iterable[Point]) -> Boundary | None:
    """The boundary of one contender: as the search found it, or as far as was tried; None where nothing was.

    Args:
        run: the run.
        label: the contender.
        axes: the sizes of the other axes.
        points: the contender's points at these.
    """
    outcomes = _tried(run, label, axes, points)
    searched = next((one for one in run.limits if one.contender == label and one.axes == axes), None)
    if searched is not None:
        largest, failed = searched.largest_fitting, searched.smallest_failing
    else:
        failed = min(
            (point.batch for point, outcome in outcomes.items() if isinstance(outcome, OutOfMemory | LimitReached)),
            default=None,
        )
        largest = max(
            (
                point.batch
                for point, outcome in outcomes.items()
                if isinstance(outcome, Measured) and (failed is None or point.batch < failed)
            ),
            default=None,
        )
    if largest is None and failed is None:
        return None
    resident = {
        point: outcome.memory.resident
        for point, outcome in sorted(outcomes.items())
        if isinstance(outcome, Measured)
        and outcome.memory.resident is not None
        and (failed is None or point.batch < failed)
    }
    ending = outcomes.get(OperatingPoint(failed, axes)) if failed is not None else None
    fitting = outcomes.get(OperatingPoint(largest, axes)) if largest is not None else None
    memory = fitting.memory if isinstance(fitting, Measured) else Memory()
    start, slope = run.start(label), _bytes_per_sample(resident)
    took = _took(memory, slope)
    name = run.name(label)
    told = (
        _found(name, searched, took, ending)
        if searched is not None
        else _as_far_as_tried(name, largest, failed, took, ending)
    )
    if run.contender(label).remote and not isinstance(ending, LimitReached):
        told += "; that is the memory of the client, and the server's is not seen"
    return Boundary(
        largest_ran=largest,
        smallest_failed=failed,
        failure=tag_of(ending) if ending is not None else None,
        searched=searched is not None,
        verified=searched is not None and searched.verified,
        swapped=searched is not None and searched.swapped,
        cap_bytes=run.header.plan.max_memory,
        resident_bytes=memory.resident,
        allocated_bytes=memory.allocated,
        reserved_bytes=memory.reserved,
        loaded_bytes=start.resident if start is not None else None,
        bytes_per_sample=slope,
        sentence=plain(told),
    )


def axis_boundaries(run: Run) -> tuple[AxisBoundary, ...]:
    """Return how long each axis can be with each contender, as the searches found it."""
    return tuple(_axis_boundary(run, limit) for limit in run.axis_limits)


def _axis_boundary(run: Run, limit: AxisLimit) -> AxisBoundary:
    line, low = Line(limit.axes, limit.axis), limit.largest_fitting
    outcomes = {
        size: probe.outcome
        for probe in sorted(run.probes, key=lambda probe: probe.fresh)
        if probe.contender == limit.contender and (size := line.size(probe.point)) is not None
    }
    fitting = outcomes.get(low) if low is not None else None
    memory = fitting.memory if isinstance(fitting, Measured) else Memory()
    where = f" at batch 1{''.join(f', {name} {size}' for name, size in limit.axes)}"
    return AxisBoundary(
        contender=limit.contender,
        axis=limit.axis,
        axes=limit.axes,
        largest_ran=low,
        smallest_failed=limit.smallest_failing,
        failure=tag_of(limit.failure) if limit.failure is not None else None,
        verified=limit.verified,
        swapped=limit.swapped,
        cap_bytes=run.header.plan.max_memory,
        resident_bytes=memory.resident,
        sentence=plain(_found(run.name(limit.contender), limit, f"{where}{_took(memory, None)}", limit.failure)),
    )


def axis_limits_headline(run: Run) -> str:
    """Return the largest size of each axis that fits at batch 1, by contender; empty where none was searched for."""
    sentences = []
    for axis in dict.fromkeys(limit.axis for limit in run.axis_limits):
        words = [
            f"{run.name(limit.contender)} {limit.largest_fitting or 'none'}{'' if limit.smallest_failing else ' or more'}"
            for limit in run.axis_limits
            if limit.axis == axis
        ]
        sentences.append(f"Largest {axis} that fits at batch 1: {', '.join(words)}.")
    return " ".join(sentences)


def _tried(run: Run, label: str, axes: Axes, points: Iterable[Point]) -> dict[OperatingPoint, AnyOutcome]:
    """Return all outcomes, those of the search for the limit included; what a fresh worker said stands."""
    outcomes: dict[OperatingPoint, AnyOutcome] = {point.point: point.outcome for point in points}
    limit = [one for one in run.probes if one.phase == "limit" and one.contender == label and one.point.axes == axes]
    for probe in sorted(limit, key=lambda one: one.fresh):
        outcomes[probe.point] = probe.outcome
    return outcomes


def _bytes_per_sample(resident: Mapping[OperatingPoint, int]) -> float | None:
    """Return the slope of peak memory against batch size by Theil and Sen; batch 1 is mostly the framework's own."""
    above = {point.batch: peak for point, peak in resident.items() if point.batch > 1}
    if len(above) < FEWEST_SIZES:
        return None
    slope = theil_sen_slope(list(above), list(above.values()))
    return slope if slope > 0 else None


def _took(memory: Memory, slope: float | None) -> str:
    """What it took, each kind of figure by its own name."""
    if memory.resident is None:
        return ""
    told = f", with {size(memory.resident)} of memory"
    if slope is not None:
        told += f", about {size(round(slope))} a sample"
    if memory.allocated is not None and memory.reserved is not None:
        told += f"; on the device {size(memory.allocated)} allocated, {size(memory.reserved)} reserved"
    if memory.retries:
        told += f", after the allocator had to try {count(memory.retries, 'time')} again"
    return told


def _found(name: str, limit: Limit, took: str, ending: AnyOutcome | None) -> str:
    """The sentence of a search."""
    low, high = limit.largest_fitting, limit.smallest_failing
    noun = limit.axis if isinstance(limit, AxisLimit) else "batch"
    if high is None or ending is None:
        return f"{name}: at least {noun} {low}{took}; {limit.reason}"
    fits = f"{noun} {low} fits{took}" if low is not None else "not even one sample fits"
    swapping = " (only by swapping)" if limit.swapped else ""
    sure = "both confirmed by fresh workers" if low is not None else "confirmed by a fresh worker"
    doubt = sure if limit.verified else f"not confirmed: {limit.reason or 'the run ended before'}"
    return f"{name}: {fits}{swapping}; {noun} {high} {outcome_words(ending)}; {doubt}"


def _as_far_as_tried(name: str, largest: int | None, failed: int | None, took: str, ending: AnyOutcome | None) -> str:
    """The sentence where no search was asked for."""
    if failed is None or ending is None:
        return f"{name}: at least batch {largest}, the largest tried that ran{took}"
    below = f"the largest below it that ran is {largest}{took}" if largest is not None else "no smaller one ran"
    return f"{name}: batch {failed} {outcome_words(ending)}; {below}"
