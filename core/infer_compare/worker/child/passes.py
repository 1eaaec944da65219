"""A whole data set at one batch size, and the pass over it."""

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
"""Full batches of the passes that warm a batch size up, beside its partial last one."""
PASS_LIMITS = SliceLimits(minimum_calls=1, dropped_calls=0, long_calls=1)
"""A pass is many calls already: what its first ones take more is part of it, as in production."""


class Passes:
    """Passes over a data set, whose batches the backend's own loader assembles."""

    scope: Scope = "dataset"

    def __init__(
        self, backend: Backend[Any], session: Session[Any], dataset: Sequence[Any], point: OperatingPoint, clock: Clock
    ) -> None:
        """Assembles nothing yet.

        Args:
            backend: whose loader makes the batches.
            session: runs them.
            dataset: one array per input, with a row per sample.
            point: how many rows a batch has; the last one of a pass has what is left.
            clock: is read around it.
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
        """A short pass, with a partial last batch where the whole one has it, that returns when its work is done."""
        self.calls_per_warm = self._samples / short
        """How many times as long a whole pass is."""

    def _pass(self, dataset: Sequence[Any]) -> PassTimes:
        session, slots = self._session, self._slots
        run, synchronize = session.run, session.synchronize

        def batches() -> Any:  # noqa: ANN401 - an iterator of a backend's own batches
            return self._backend.batches(dataset, self.point.batch)

        def stage(batch: Any) -> Any:  # noqa: ANN401 - a backend's own batch and slot
            # A slot is reused by batches of its size: all but the last are of one size.
            size = len(batch[0])
            slot = slots[size] = session.stage(batch, slots.get(size))
            return slot

        def run_all(slot: Any) -> None:  # noqa: ANN401 - a backend's own slot
            run(slot)
            synchronize()

        return one_pass(batches, stage, run_all, session.fetch, self._clock)

    def time(self, latency_ns: int, limits: SliceLimits, series: Series) -> TimedSlice:  # noqa: ARG002 - there is one series
        """Time one slice; `latency_ns` is what a pass takes."""
        limits = msgspec.structs.replace(PASS_LIMITS, slice_ns=limits.slice_ns)
        return timed_passes(partial(self._pass, self._dataset), self._samples, latency_ns, self._clock, limits)

    def release(self) -> None:
        """Give the slots back."""
        for slot in self._slots.values():
            self._session.release(slot)
