"""The largest batch that fits for each contender, with its memory figures."""

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
"""Fewest sizes for a line of memory against batch size."""


def boundary(run: Run, label: str, axes: Axes, points: Iterable[Point]) -> Boundary | None:
    """Return the memory boundary of one contender, from the search or from the sizes that were tried; None without either.

    Args:
        run: the run.
        label: the contender.
        axes: the sizes of the other axes.
        points: the contender's points at these sizes.
    """
    outcomes = _tried(run, label, axes, points)
    searched = next((limit for limit in run.limits if limit.contender == label and limit.axes == axes), None)
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
    words = (
        _found(name, searched, took, ending)
        if searched is not None
        else _as_far_as_tried(name, largest, failed, took, ending)
    )
    if run.contender(label).remote and not isinstance(ending, LimitReached):
        words += "; that is the memory of the client, and the server's is not seen"
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
        sentence=plain(words),
    )


def axis_boundaries(run: Run) -> tuple[AxisBoundary, ...]:
    """Return the largest size of each axis with each contender that the searches found."""
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
    """Return sentences with the largest size of each axis that fits at batch 1, by contender; empty without a search."""
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
    """Return all outcomes, including those of the limit search; the outcome of a fresh worker overrides others."""
    outcomes: dict[OperatingPoint, AnyOutcome] = {point.point: point.outcome for point in points}
    limit = [
        probe
        for probe in run.probes
        if probe.phase == "limit" and probe.contender == label and probe.point.axes == axes
    ]
    for probe in sorted(limit, key=lambda probe: probe.fresh):
        outcomes[probe.point] = probe.outcome
    return outcomes


def _bytes_per_sample(resident: Mapping[OperatingPoint, int]) -> float | None:
    """Return the Theil-Sen slope of peak memory against batch size, without batch 1, whose memory is mostly the framework's."""
    above = {point.batch: peak for point, peak in resident.items() if point.batch > 1}
    if len(above) < FEWEST_SIZES:
        return None
    slope = theil_sen_slope(list(above), list(above.values()))
    return slope if slope > 0 else None


def _took(memory: Memory, slope: float | None) -> str:
    """Return the memory figures in words."""
    if memory.resident is None:
        return ""
    words = f", with {size(memory.resident)} of memory"
    if slope is not None:
        words += f", about {size(round(slope))} a sample"
    if memory.allocated is not None and memory.reserved is not None:
        words += f"; on the device {size(memory.allocated)} allocated, {size(memory.reserved)} reserved"
    if memory.retries:
        words += f", after the allocator had to try {count(memory.retries, 'time')} again"
    return words


def _found(name: str, limit: Limit, took: str, ending: AnyOutcome | None) -> str:
    """Return the sentence about a search."""
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
    """Return the sentence about a contender without a search."""
    if failed is None or ending is None:
        return f"{name}: at least batch {largest}, the largest tried that ran{took}"
    below = f"the largest below it that ran is {largest}{took}" if largest is not None else "no smaller one ran"
    return f"{name}: batch {failed} {outcome_words(ending)}; {below}"
