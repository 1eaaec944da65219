"""A contender's turn: its worker warms up or times a slice, and is suspended again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.environment.gate import (
    LAPTOP,
    ON_BATTERY,
    ON_MAINS,
    apart,
    other_power,
    without_load,
    without_slowdown,
)
from infer_compare.results import Slice, WarmUp
from infer_compare.results.servers import server_of
from infer_compare.worker import protocol

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.contender_worker import ContenderWorker
    from infer_compare.phases.context import RunContext
    from infer_compare.planner.duration import Expectation
    from infer_compare.results import Series
    from infer_compare.results.slices import Diagnostics

WARM_UP_CAP_S = 10.0
"""The longest warm-up, not counting its first call."""


REMEDIES = {
    ON_BATTERY: "; plug it in",
    ON_MAINS: "; unplug it, or begin a new run",
}


class Turn(NamedTuple):
    """A turn in which a slice is timed."""

    warm: WarmUp
    """The warm-up of the contender at the operating point."""
    position: int
    """Of the slice in its round."""
    series: Series
    sustain_s: float = 0.0
    """How long the `sustained` series runs."""
    strict: bool = False
    """Whether the slice is rejected if its core was slowed down. That is done only while the round can still be repeated."""


class Turns:
    """Makes workers warm up and time slices, one at a time."""

    def __init__(self, context: RunContext, expectation: Expectation) -> None:
        """Asks nothing yet.

        Args:
            context: of the run.
            expectation: the expected durations.
        """
        self._context = context
        self._gate = context.surroundings.gate
        self._began_on_battery = context.resolved.header.environment.on_battery
        self._settings = context.settings
        self._scope = context.options.scope
        self._latencies = expectation.latency_ns
        self._long = expectation.long
        self._told: set[str] = set()

    def warm_up(self, worker: ContenderWorker, point: OperatingPoint, *, brief: bool, known_ns: int | None) -> WarmUp:
        """Make a worker stage an operating point and run it until its speed is steady.

        Args:
            worker: of the contender.
            point: the operating point.
            brief: see `protocol.WarmUp`.
            known_ns: see `protocol.WarmUp`.

        Raises:
            OutcomeError: the worker fails, or is lost.
        """
        expected_s = self._latencies.get((worker.label, point), 0) / 1e9
        warmed = worker.ask(
            protocol.WarmUp(point=point, scope=self._scope, brief=brief, known_ns=known_ns),
            protocol.WarmedUp,
            phase="warm_up",
            deadline_s=max(self._settings.timeout_s, WARM_UP_CAP_S + 20 * expected_s),
        )
        worker.suspend()
        return WarmUp(
            contender=worker.label,
            point=point,
            prepare_ns=warmed.prepare_ns,
            first_call_ns=warmed.first_call_ns,
            calls=warmed.calls,
            total_ns=warmed.total_ns,
            latency_ns=warmed.latency_ns,
            steady=warmed.steady,
            compilations=warmed.compilations,
            settled=warmed.settled,
        )

    def slice(self, worker: ContenderWorker, turn: Turn) -> Slice:
        """Make a worker time a slice, and return it with the decision of the gate.

        Raises:
            OutcomeError: the worker fails, or is lost.
        """
        latency_ns = max(1, turn.warm.latency_ns)
        metering = self._context.metering
        if metering is not None:
            # Staged before the meters start, so that staging is not measured.
            worker.ask(protocol.Stage(point=turn.warm.point, scope=self._scope), protocol.Done, phase="measure")
            worker.suspend()
            metering.start(worker.label)
        timed = worker.ask(
            protocol.TimeSlice(
                point=turn.warm.point,
                scope=self._scope,
                latency_ns=latency_ns,
                series=turn.series,
                long_ns=self._long.ns,
                long_calls=self._long.calls,
                sustain_ns=round(turn.sustain_s * 1e9),
                core_ns=self._context.core_speed.limit_ns(worker.label) if turn.strict else None,
            ),
            protocol.Timed,
            phase="measure",
            deadline_s=max(self._settings.timeout_s, 20 * 11 * latency_ns / 1e9) + 2 * turn.sustain_s,
        )
        worker.suspend()
        metered = None if metering is None else metering.stop(worker.label)
        diagnostics = self._with_slowdown(timed.diagnostics, worker.label)
        rejected = self._judged(timed, diagnostics, turn, worker)
        return Slice(
            contender=worker.label,
            position=turn.position,
            series=turn.series,
            started_ns=timed.started_ns,
            durations_ns=timed.durations_ns,
            calls_per_stamp=timed.calls_per_stamp,
            discarded=timed.discarded,
            samples=timed.samples,
            phases=timed.phases,
            diagnostics=diagnostics,
            memory=timed.memory,
            instances=timed.instances,
            metered=metered,
            rejected=rejected,
        )

    def _with_slowdown(self, diagnostics: Diagnostics, label: str) -> Diagnostics:
        """Return diagnostics with the speed of the core, compared with earlier slices of the contender."""
        if diagnostics.core_ns is None:
            return diagnostics
        slowdown = self._context.core_speed.slowdown(label, diagnostics.core_ns)
        return msgspec.structs.replace(diagnostics, slowdown=slowdown)

    def _judged(
        self, timed: protocol.Timed, diagnostics: Diagnostics, turn: Turn, worker: ContenderWorker
    ) -> str | None:
        """Return why a slice is rejected, or None; tell the user about causes that they can remove."""
        server = server_of(self._context.run, worker.label)
        counted = without_load(diagnostics) if server is not None and server.local else diagnostics
        counted = counted if turn.strict else without_slowdown(counted)
        reason = self._gate(counted, threads=worker.budget, schedstat=worker.schedstat)
        reason = reason or other_power(diagnostics, began_on_battery=self._began_on_battery)
        # The time between durations of the `enqueue` series is not timed, so instances cannot be aligned.
        if timed.instances is not None and turn.series != "enqueue":
            call_ns = sum(timed.durations_ns) / (len(timed.durations_ns) * timed.calls_per_stamp)
            reason = reason or apart(timed.instances, call_ns)
        if reason in LAPTOP and reason not in self._told:
            self._told.add(reason)
            remedy = REMEDIES.get(reason, "")
            self._context.tell("machine", f"{reason}: what was timed meanwhile is rejected and measured again{remedy}")
        return reason
