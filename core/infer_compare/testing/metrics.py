"""Checks of a metric: its declaration, and its meters."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from infer_compare.interfaces import Device, MetricUnavailable
from infer_compare.phases.metering import finite
from infer_compare.plugins.metric_registration import read_metric
from infer_compare.plugins.registration import Unfit
from infer_compare.testing.checking import Check, PluginReport, run_checks
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from infer_compare.interfaces import Meter, Metric

SLICES = 5
SLOW_S = 0.25
"""Largest duration of starting or stopping a meter, in seconds; slower meters would make runs several times longer."""


def check_metric(metric: Metric) -> PluginReport:
    """Check a metric on the CPU of this machine.

    Args:
        metric: the metric that the hook returns. If it cannot be measured here, most checks are skipped with the reason.
    """
    checks = _MetricChecks(metric)
    return run_checks(
        "metric",
        str(metric.name),
        (
            Check("declared", "name, unit, direction and description are there", checks.declared),
            Check("measures", "a meter returns finite numbers or None, slice after slice", checks.measures),
            Check("side_by_side", "meters of two contenders do not disturb each other", checks.side_by_side),
            Check("quick", "start and stop return at once", checks.quick),
            Check("quiet", "nothing runs between start and stop", checks.quiet),
        ),
    )


class _MetricChecks:
    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def declared(self) -> None:
        try:
            read_metric(self._metric, ())
        except Unfit as unfit:
            raise Violation(f"{unfit}.") from None
        if not self._metric.description.strip():
            raise Violation("`description` is empty; say in one line what is measured, and of what.")

    def measures(self) -> None:
        meter = self._meter()
        values = [_slice(meter) for _ in range(SLICES)]
        for value in values:
            try:
                value is None or finite(value)
            except ValueError as error:
                raise Violation(f"{error}.") from None
        if all(value is None for value in values):
            raise Violation(
                f"`stop` returned None for {SLICES} slices; raise MetricUnavailable in `meter` where nothing can be measured."
            )

    def side_by_side(self) -> None:
        first, second = self._meter(), self._meter()
        first.start()
        second.start()
        second.stop()
        if first.stop() is None:
            raise Violation("a meter has nothing to tell after another one was stopped; keep its state in the meter.")

    def quick(self) -> None:
        meter = self._meter()
        began = time.perf_counter()
        _slice(meter)
        took_s = time.perf_counter() - began
        if took_s > 2 * SLOW_S:
            raise Violation(f"start and stop took {took_s:.2f} s; both together must take less than {2 * SLOW_S:g} s.")

    def quiet(self) -> None:
        meter = self._meter()
        before = set(threading.enumerate())
        meter.start()
        begun = [thread.name for thread in threading.enumerate() if thread not in before]
        meter.stop()
        if begun:
            raise Violation(f"`start` began a thread ({begun[0]}), which would run while a contender is measured.")

    def _meter(self) -> Meter:
        try:
            return self._metric.meter(Device("cpu"))
        except MetricUnavailable as reason:
            raise NotApplicable(f"it cannot be measured here: {reason}") from None


def _slice(meter: Meter) -> object:
    meter.start()
    # Enough work to advance a counter.
    sum(range(10_000))
    return meter.stop()
