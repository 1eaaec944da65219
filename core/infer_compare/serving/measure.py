"""The serving curve: what batches cost over the pipe to a worker, back to back and after pauses, and what saturates it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

from infer_compare.capacity.values import Batching, ServingCurve, ServingSize
from infer_compare.interfaces import OperatingPoint
from infer_compare.serving.batcher import serve
from infer_compare.serving.calls import Calls, merged, timed_calls
from infer_compare.timing import collector_paused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.serving.delays import RunDelays
    from infer_compare.serving.service import Service

PAUSES_MS = (1, 5, 20)
LEAST_BATCHES = 5
"""The fewest batches of each copy when the saturation is measured."""
PASSES = 3
"""Passes over all sizes before a curve is used: a slow moment of the machine then affects all sizes alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long one pass over all sizes takes."""

    back_to_back_s: float = 0.05
    """The least time for each size."""
    paused_s: float = 0.04
    """The least time for each size and pause, pauses included."""
    calls: int = 4
    """The fewest calls of each size back to back; half as many after each pause."""
    most_s: float = 1.5
    """The time for each size and pause after which one call suffices."""
    saturation_s: float = 0.4
    """The least time for the saturation."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass over all sizes."""

    calls: dict[tuple[int, int], Calls]
    """Calls by batch size and by the pause before each, in milliseconds."""
    slower: float
    """Throughput of calls one after the other with the largest batch over the saturation measured right after them."""

    def mean_ns(self, size: int) -> float:
        """Return the mean duration of calls back to back."""
        return fmean(self.calls[size, 0].durations_ns)


class CurveMeasurement:
    """Measures a serving curve in passes over all sizes.

    Passes may be made at different times; the curve is then an average over the speeds that the machine had.
    """

    def __init__(self, effort: Effort | None = None) -> None:
        """Measures nothing yet.

        Args:
            effort: how long each pass takes.
        """
        self._effort = effort or Effort()
        self._passes: list[_Pass] = []

    def measure(self, service: Service, passes: int = 1) -> None:
        """Time calls of every size, back to back and after pauses, and the saturation.

        The first copy answers batches of one size after the other; for the saturation all copies are kept busy with the largest
        batch. A pass takes about a second for a fast model and up to twenty for a slow one.

        Args:
            service: the workers; the same sizes in every pass.
            passes: number of passes.

        Raises:
            WorkerError: a worker died twice, or did not answer; the passes before are kept.
        """
        with collector_paused(), service.run_delays() as delays:
            for _ in range(passes):
                self._passes.append(self._pass(service, delays))

    def _pass(self, service: Service, delays: RunDelays) -> _Pass:
        calls = {(size, 0): self._calls(service, delays, size, 0) for size in service.sizes}
        # Right after calls of the largest size, so that a change of the machine's speed does not affect their ratio.
        call_s = fmean(calls[service.max_batch, 0].durations_ns) / 1e9
        slower = _closed_loop(service, call_s) / _saturation(service, call_s, self._effort.saturation_s)
        for pause_ms in PAUSES_MS:
            calls |= {(size, pause_ms): self._calls(service, delays, size, pause_ms) for size in service.sizes}
        return _Pass(calls, slower)

    def _calls(self, service: Service, delays: RunDelays, size: int, pause_ms: int) -> Calls:
        effort = self._effort
        calls = timed_calls(
            service,
            delays,
            size,
            pause_s=pause_ms / 1e3,
            seconds=effort.paused_s if pause_ms else effort.back_to_back_s,
            most_s=effort.most_s,
            calls=effort.calls // 2 if pause_ms else effort.calls,
        )
        return calls if delays.known else calls.without_outliers()

    def curve(self, service: Service) -> ServingCurve:
        """Return the serving curve of all passes; there must be one at least.

        Args:
            service: the workers that were measured.
        """
        calls = {key: merged(own.calls[key] for own in self._passes) for key in self._passes[0].calls}
        stalls = [stall for timed in calls.values() for stall in timed.stalls_ns]
        busy_s = sum(sum(timed.durations_ns) for timed in calls.values()) / 1e9
        call_s = fmean(calls[service.max_batch, 0].durations_ns) / 1e9
        return ServingCurve(
            contender=service.label,
            copies=service.copies,
            sizes=tuple(
                ServingSize(
                    point=OperatingPoint(size, service.setting),
                    durations_ns=tuple(calls[size, 0].durations_ns),
                    paused_ns={str(pause_ms): tuple(calls[size, pause_ms].durations_ns) for pause_ms in PAUSES_MS},
                )
                for size in service.sizes
            ),
            saturation=_closed_loop(service, call_s) / median(own.slower for own in self._passes),
            paces=self._paces(service.sizes),
            stalls_per_s=len(stalls) / busy_s,
            stall_s=fmean(stalls) / 1e9 if stalls else 0.0,
        )

    def _paces(self, sizes: Sequence[int]) -> tuple[float, ...]:
        average_ns = {size: fmean(own.mean_ns(size) for own in self._passes) for size in sizes}
        return tuple(fmean(own.mean_ns(size) / average_ns[size] for size in sizes) for own in self._passes)


def measure_curve(service: Service, effort: Effort | None = None, passes: int = PASSES) -> ServingCurve:
    """Measure what batches cost over the pipe, and how many samples a second saturate it.

    Args:
        service: the workers.
        effort: how long each pass takes.
        passes: over all sizes.

    Raises:
        WorkerError: a worker died twice, or did not answer.
    """
    measurement = CurveMeasurement(effort)
    measurement.measure(service, passes)
    return measurement.curve(service)


def _closed_loop(service: Service, call_s: float) -> float:
    """Return the samples a second of calls one after the other, with the largest batch in all copies."""
    return service.copies * service.max_batch / call_s


def _saturation(service: Service, call_s: float, seconds: float) -> float:
    """Return the samples a second while all copies are busy with the largest batch: of a queue that is never empty.

    Args:
        service: the workers.
        call_s: the approximate duration of a call.
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
    # No copy is idle until the last batch is handed over; batches that are unfinished then count by their shares.
    within = sum(
        batch.size * min(1.0, (end_ns - batch.begun_ns) / max(1, batch.answered_ns - batch.begun_ns))
        for batch in answered
    )
    return within * 1e9 / max(1, end_ns - begin_ns)
