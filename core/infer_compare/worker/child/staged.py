"""A staged operating point: its input buffers, and the callables that run them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from infer_compare.timing import SliceLimits, TimedSlice, enqueued, pipelined, timed_phases, timed_slice

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces import OperatingPoint, Session
    from infer_compare.results import Scope, Series
    from infer_compare.timing import Clock
    from infer_compare.worker.child.buffers import Pool

ACCELERATOR_LIMITS = SliceLimits(slice_ns=1_000_000_000, lead_ns=500_000_000)
"""Slices on accelerators are long, as their clocks follow the load over tenths of a second."""


class Staged:
    """An operating point whose rotating batches are staged on the device."""

    def __init__(self, session: Session[Any], pool: Pool, point: OperatingPoint, scope: Scope, clock: Clock) -> None:
        """Stages the batches.

        Args:
            session: runs them.
            pool: the input rows.
            point: the operating point.
            scope: which parts of an iteration are timed.
            clock: times the iterations.
        """
        self._clock = clock
        self.point = point
        self.scope = scope
        self._session = session
        batches = pool.rotation(point)
        self._slots = [session.stage(batch) for batch in batches]
        self._stages = [_stage_call(self._slots, index, session.stage, batch) for index, batch in enumerate(batches)]
        self._run = _run_call(session)
        self.calls_per_warm = 1.0
        """The length of an iteration as a multiple of one of `calls`."""
        self.calls: list[Callable[[], None]]
        """For each buffer, a call that makes an iteration and returns when its work is done."""
        if scope == "device":
            self.calls = [partial(self._run, slot) for slot in self._slots]
        else:
            self.calls = [_whole_call(stage, self._run, session.fetch) for stage in self._stages]

    def time(self, latency_ns: int, limits: SliceLimits, series: Series) -> TimedSlice:
        """Time one slice of a series; `latency_ns` is the expected duration of an iteration."""
        session, clock = self._session, self._clock
        if series in {"pipelined", "sustained"}:
            enqueues = [partial(session.run, slot) for slot in self._slots]
            waits = [partial(session.wait, slot) for slot in self._slots]
            return pipelined(enqueues, waits, latency_ns, clock, limits)
        if series == "enqueue":
            runs = [partial(session.run, slot) for slot in self._slots]
            return enqueued(runs, session.synchronize, latency_ns, clock)
        if self.scope == "device":
            return timed_slice(self.calls, latency_ns, clock, limits)
        return timed_phases(self._stages, self._run, self._session.fetch, latency_ns, clock, limits)

    def release(self) -> None:
        """Release the buffers."""
        for slot in self._slots:
            self._session.release(slot)


def _run_call(session: Session[Any]) -> Callable[[Any], None]:
    run, synchronize = session.run, session.synchronize

    def call(slot: Any) -> None:  # noqa: ANN401 - a backend's own slot
        run(slot)
        synchronize()

    return call


def _stage_call(
    slots: list[Any],
    index: int,
    stage: Callable[..., Any],
    batch: Any,  # noqa: ANN401 - host arrays
) -> Callable[[], Any]:
    """Return a function that stages a batch in the slot that it had before."""

    def call() -> Any:  # noqa: ANN401 - a backend's own slot
        slot = slots[index] = stage(batch, slots[index])
        return slot

    return call


def _whole_call(
    stage: Callable[[], Any], run: Callable[[Any], None], fetch: Callable[[Any], Any]
) -> Callable[[], None]:
    def call() -> None:
        slot = stage()
        run(slot)
        fetch(slot)

    return call
