"""The serving curve: what batches cost over the pipe to a worker, back to back and after pauses, and what saturates it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

from infer_compare.capacity.values import Batching, ServingCurve, ServingSize
from infer_compare.interfaces import OperatingPoint
from infer_compare.serving.batcher import serve
from infer_compare.serving.calls import Calls, timed_calls
from infer_compare.timing import collector_paused

if TYPE_CHECKING:
    from infer_compare.serving.service import Service

PAUSES_MS = (1, 5, 20)
LEAST_BATCHES = 5
"""Of each copy, for the saturation."""
PASSES = 3
"""Over all sizes, for a curve alone: a slow moment of the machine is then not one size's alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long one pass over all sizes takes."""

    back_to_back_s: float = 0.05
    """Each size, at least."""
    paused_s: float = 0.04
    """Each size after each pause, at least, pauses included."""
    calls: int = 4
    """Of each size back to back, at least; half as many after each pause."""
    most_s: float = 1.5
    """Of each size and pause: then one call suffices."""
    saturation_s: float = 0.4
    """All copies with the largest batch, at least."""


class CurveMeasurement:
    """A serving curve in the making: calls that were timed in passes over all sizes.

    Passes may be made at different times, so that the curve is that of a machine as it was on average between the first and the last.
    """

    def __init__(self, effort: Effort | None = None) -> None:
        """Measures nothing yet.

        Args:
            effort: how long each pass takes.
        """
        self._effort = effort or Effort()
        self._calls: dict[tuple[int, int], Calls] = defaultdict(Calls)
        self._means_ns: list[dict[int, float]] = []
        self._slower: list[float] = []
        self._service: Service | None = None

    def measure(self, service: Service, passes: int = 1) -> None:
        """Time calls of every size, back to back and after pauses, and all copies kept busy with the largest.

        One copy answers batches of one size after the other. A pass takes about a second for a fast model and up to twenty for a slow one.

        Args:
            service: the workers; later passes are with one of the same sizes.
            passes: how many.

        Raises:
            WorkerError: a worker died twice, or did not answer.
        """
        self._service = service
        with collector_paused(), service.run_delays() as delays:
            for _ in range(passes):
                calls: dict[tuple[int, int], Calls] = {}
                for pause_ms in (0, *PAUSES_MS):
                    for size in service.sizes:
                        measured = timed_calls(
                            service,
                            delays,
                            size,
                            pause_s=pause_ms / 1e3,
                            seconds=self._effort.paused_s if pause_ms else self._effort.back_to_back_s,
                            most_s=self._effort.most_s,
                            calls=self._effort.calls // 2 if pause_ms else self._effort.calls,
                        )
                        calls[size, pause_ms] = measured if delays.known else measured.without_outliers()
                    if not pause_ms:
                        # Right after calls of the same size: what both differ by is then not that the machine changed its speed.
                        call_s = fmean(calls[service.max_batch, 0].durations_ns) / 1e9
                        closed = service.copies * service.max_batch / call_s
                        self._slower.append(closed / _saturation(service, call_s, self._effort.saturation_s))
                for key, measured in calls.items():
                    self._calls[key].add(measured)
                self._means_ns.append({size: fmean(calls[size, 0].durations_ns) for size in service.sizes})

    @property
    def paces(self) -> tuple[float, ...]:
        """How long calls took back to back in each pass, as multiples of what they took on average."""
        average_ns = {size: fmean(means[size] for means in self._means_ns) for size in self._means_ns[0]}
        return tuple(fmean(means[size] / average_ns[size] for size in means) for means in self._means_ns)

    def curve(self) -> ServingCurve:
        """Return what all passes say. There is one at least."""
        service = self._service
        assert service is not None
        stalls = [stall for measured in self._calls.values() for stall in measured.stalls_ns]
        busy_s = sum(sum(measured.durations_ns) for measured in self._calls.values()) / 1e9
        call_s = fmean(self._calls[service.max_batch, 0].durations_ns) / 1e9
        return ServingCurve(
            contender=service.label,
            copies=service.copies,
            sizes=tuple(
                ServingSize(
                    point=OperatingPoint(size, service.setting),
                    durations_ns=tuple(self._calls[size, 0].durations_ns),
                    paused_ns={
                        str(pause_ms): tuple(self._calls[size, pause_ms].durations_ns) for pause_ms in PAUSES_MS
                    },
                )
                for size in service.sizes
            ),
            saturation=service.copies * service.max_batch / call_s / median(self._slower),
            paces=self.paces,
            stalls_per_s=len(stalls) / busy_s,
            stall_s=fmean(stalls) / 1e9 if stalls else 0.0,
        )


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
    return measurement.curve()


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
