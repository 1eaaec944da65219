"""The serving curve: what batches cost over the pipe to a worker, back to back and after pauses, and what saturates it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import TYPE_CHECKING

from infer_compare.capacity.values import Batching, ServingCurve, ServingSize
from infer_compare.interfaces import OperatingPoint
from infer_compare.serving.batcher import serve
from infer_compare.timing import collector_paused

if TYPE_CHECKING:
    from infer_compare.serving.delays import RunDelays
    from infer_compare.serving.service import Service

PAUSES_MS = (1, 5, 20)
STALL_NS = 300_000
"""A thread that waited for so long was interrupted; waking up takes a tenth of it."""
LEAST_BATCHES = 5
"""Of each copy, for the saturation."""
BLIND_STALL_NS = 1_500_000
"""Where the kernel does not count waiting times, a call that takes so much longer than the median was interrupted, and half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long is measured."""

    back_to_back_s: float = 0.15
    """Each size, at least."""
    paused_s: float = 0.12
    """Each size after each pause, at least, pauses included."""
    calls: int = 12
    """Of each size back to back, at least; half as many after each pause."""
    most_s: float = 1.5
    """Of each size and pause in each pass: then one call suffices."""
    saturation_s: float = 1.2
    """All copies with the largest batch, at least."""
    passes: int = 3
    """Over all sizes, so that a slow moment of the machine is not one size's alone."""


@dataclass(slots=True)
class Calls:
    """Durations of calls without the stalls in them, and these."""

    whole_ns: list[int] = field(default_factory=list)
    """Of calls that nothing interrupted."""
    interrupted_ns: list[int] = field(default_factory=list)
    """Of the others."""
    stalls_ns: list[int] = field(default_factory=list)

    @property
    def durations_ns(self) -> list[int]:
        """Of all of them; where much of a stall came just before an interrupted call, its rest says nothing."""
        if not self.whole_ns:
            return self.interrupted_ns
        least_ns = min(self.whole_ns) * 0.9
        return self.whole_ns + [duration_ns for duration_ns in self.interrupted_ns if duration_ns >= least_ns]


def measure_curve(service: Service, effort: Effort | None = None) -> ServingCurve:
    """Measure what batches cost over the pipe, back to back and after pauses, and how many samples a second saturate it.

    One copy answers batches of one size after the other; for the saturation all copies are kept busy with the largest. It
    takes a few seconds for a fast model and up to a minute for a slow one.

    Args:
        service: the workers.
        effort: how long is measured.

    Raises:
        WorkerError: a worker died twice, or did not answer.
    """
    effort = effort or Effort()
    calls_of: dict[tuple[int, int], Calls] = defaultdict(Calls)
    keys = [(size, pause_ms) for pause_ms in (0, *PAUSES_MS) for size in service.sizes]
    with collector_paused(), service.run_delays() as delays:
        for _ in range(effort.passes):
            for size, pause_ms in keys:
                seconds, calls = (
                    (effort.paused_s, effort.calls // 2) if pause_ms else (effort.back_to_back_s, effort.calls)
                )
                _calls(
                    service,
                    delays,
                    size,
                    pause_s=pause_ms / 1e3,
                    seconds=seconds / effort.passes,
                    most_s=effort.most_s,
                    calls=-(-calls // effort.passes),
                    into=calls_of[size, pause_ms],
                )
        if not delays.known:
            for measured in calls_of.values():
                _without_outliers(measured)
        call_s = fmean(calls_of[service.max_batch, 0].durations_ns) / 1e9
        saturation = median(
            _saturation(service, call_s, effort.saturation_s / effort.passes) for _ in range(effort.passes)
        )
    stalls = [stall for measured in calls_of.values() for stall in measured.stalls_ns]
    busy_s = sum(sum(measured.durations_ns) for measured in calls_of.values()) / 1e9
    return ServingCurve(
        contender=service.label,
        copies=service.copies,
        sizes=tuple(
            ServingSize(
                point=OperatingPoint(size, service.setting),
                durations_ns=tuple(calls_of[size, 0].durations_ns),
                paused_ns={str(pause_ms): tuple(calls_of[size, pause_ms].durations_ns) for pause_ms in PAUSES_MS},
            )
            for size in service.sizes
        ),
        saturation=saturation,
        stalls_per_s=len(stalls) / busy_s,
        stall_s=fmean(stalls) / 1e9 if stalls else 0.0,
    )


def _calls(
    service: Service,
    delays: RunDelays,
    size: int,
    *,
    pause_s: float,
    seconds: float,
    most_s: float,
    calls: int,
    into: Calls,
) -> None:
    """Have the first copy answer batches of one size for so long, and at least so many where that takes no longer than `most_s`."""
    clock = service.clock
    began_ns = clock()
    number = 0
    while (spent_s := (clock() - began_ns) / 1e9) < seconds or number < calls:
        if number and spent_s > most_s:
            return
        if pause_s:
            service.sleep(pause_s)
        before = delays.read()
        handed_ns = clock()
        service.hand_over(0, number * size, size)
        (answer,) = service.wait(None)
        number += 1
        if answer.lost:
            continue
        duration_ns = max(1, answer.answered_ns - handed_ns)
        waited_ns, turns = delays.read().since(before)
        if waited_ns >= STALL_NS:
            # A long call meets several of them.
            times = max(1, min(turns, waited_ns // STALL_NS))
            into.stalls_ns += [waited_ns // times] * times
            into.interrupted_ns.append(max(1, duration_ns - waited_ns))
        else:
            into.whole_ns.append(duration_ns)


def _without_outliers(calls: Calls) -> None:
    """Take what calls took longer than others for stalls, where nothing else is known of these."""
    if not calls.whole_ns:
        return
    median_ns = sorted(calls.whole_ns)[len(calls.whole_ns) // 2]
    for place, duration_ns in enumerate(calls.whole_ns):
        beyond_ns = duration_ns - median_ns
        if beyond_ns > max(BLIND_STALL_NS, median_ns // 2):
            calls.stalls_ns.append(beyond_ns)
            calls.whole_ns[place] = median_ns


def _saturation(service: Service, call_s: float, seconds: float) -> float:
    """Return the samples a second while all copies are busy with the largest batch: of a queue that is never empty.

    Args:
        service: the workers.
        call_s: what a call takes about.
        seconds: how long to measure.
    """
    size = service.max_batch
    batches = max(LEAST_BATCHES, round(seconds / call_s)) * service.copies
    arrivals = [service.clock()] * (batches * size)
    batching = Batching(max_batch=size, max_delay_s=0.0)
    answered = [
        batch for batch in serve(arrivals, batching, service.copies, service, service.clock).batches if not batch.lost
    ]
    begin_ns, end_ns = min(batch.begun_ns for batch in answered), max(batch.begun_ns for batch in answered)
    # Until the last one is handed over nobody is idle; calls that are cut off there count by their shares.
    within = sum(
        batch.size * min(1.0, (end_ns - batch.begun_ns) / max(1, batch.answered_ns - batch.begun_ns))
        for batch in answered
    )
    return within * 1e9 / max(1, end_ns - begin_ns)
