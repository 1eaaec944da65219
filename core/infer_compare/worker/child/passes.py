"""Passes over a whole data set at one batch size."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.timing import SliceLimits
from infer_compare.timing.passes import PassTimes, one_pass, timed_passes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.interfaces import Backend, OperatingPoint, Session
    from infer_compare.results import Scope, Series
    from infer_compare.timing import Clock, TimedSlice

WARM_BATCHES = 8
"""Full batches of a pass for warming up, besides the partial last one."""
PASS_LIMITS = SliceLimits(minimum_calls=1, dropped_calls=0, long_calls=1)
"""A pass is many calls already, so none are dropped: slower first calls are part of it, as in production."""


class Passes:
    """Passes over a data set, whose batches the backend's loader assembles."""

    scope: Scope = "dataset"

    def __init__(
        self, backend: Backend[Any], session: Session[Any], dataset: Sequence[Any], point: OperatingPoint, clock: Clock
    ) -> None:
        """Assembles nothing yet.

        Args:
            backend: its loader makes the batches.
            session: runs them.
            dataset: one array per input, with a row per sample.
            point: the batch size; the last batch of a pass has the remaining rows.
            clock: times the passes.
        """
        self._clock = clock
        self.point = point
        self._backend = backend
        self._session = session
        self._dataset = dataset
        self._samples = len(dataset[0])
        self._slots: dict[int, Any] = {}
        short = min(self._samples, WARM_BATCHES * point.batch + self._samples % point.batch)
        self.calls: list[Callable[[], object]] = [partial(self._pass, [array[:short] for array in dataset])]
        """A short pass for warming up, with a partial last batch if a whole pass has it; returns when its work is done."""
        self.calls_per_warm = self._samples / short
        """The length of a whole pass as a multiple of the short one."""

    def _pass(self, dataset: Sequence[Any]) -> PassTimes:
        session, slots = self._session, self._slots
        run, synchronize = session.run, session.synchronize

        def batches() -> Any:  # noqa: ANN401 - an iterator of a backend's own batches
            return self._backend.batches(dataset, self.point.batch)

        def stage(batch: Any) -> Any:  # noqa: ANN401 - a backend's own batch and slot
            # Batches of the same size reuse a slot; only the last batch has another size.
            size = len(batch[0])
            slot = slots[size] = session.stage(batch, slots.get(size))
            return slot

        def run_all(slot: Any) -> None:  # noqa: ANN401 - a backend's own slot
            run(slot)
            synchronize()

        return one_pass(batches, stage, run_all, session.fetch, self._clock)

    def time(self, latency_ns: int, limits: SliceLimits, series: Series) -> TimedSlice:  # noqa: ARG002 - there is one series
        """Time one slice; `latency_ns` is the expected duration of a pass."""
        limits = msgspec.structs.replace(PASS_LIMITS, slice_ns=limits.slice_ns)
        return timed_passes(partial(self._pass, self._dataset), self._samples, latency_ns, self._clock, limits)

    def release(self) -> None:
        """Release the slots."""
        for slot in self._slots.values():
            self._session.release(slot)
