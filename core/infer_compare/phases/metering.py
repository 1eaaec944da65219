"""Measuring additional metrics around slices, in the parent process."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from infer_compare.foreign import one_line, repr_of
from infer_compare.interfaces import Device, MetricUnavailable
from infer_compare.plugins import PluginFailed, guarded
from infer_compare.results.slices import Metered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infer_compare.interfaces import Meter, Metric

LONGEST_REASON = 300


class Metering:
    """Starts and stops the meters of every contender. A meter that fails is reported once and no longer used."""

    def __init__(self, metrics: Sequence[Metric], tell: Callable[[str, str], None], now: Callable[[], float]) -> None:
        """Makes no meter yet.

        Args:
            metrics: the requested metrics.
            tell: stores a note with its topic, once.
            now: returns monotonic seconds.
        """
        self._metrics = metrics
        self._tell = tell
        self._now = now
        self._meters: dict[str, dict[str, Meter]] = {}
        """Meters by label of the contender and name of the metric."""
        self._began = 0.0
        self._said: set[str] = set()

    def prepare(self, devices: Mapping[str, str]) -> None:
        """Make the meters of every contender, and report metrics that cannot be measured.

        Args:
            devices: of the contenders, by label.
        """
        self._meters = {label: self._made(device) for label, device in devices.items()}

    def start(self, label: str) -> None:
        """Start the meters for a slice of a contender."""
        for name, meter in list(self._meters[label].items()):
            self._asked(label, name, meter.start)
        self._began = self._now()

    def stop(self, label: str) -> Metered | None:
        """Stop the meters, and return their values; None if there are none."""
        window_ns = max(1, round((self._now() - self._began) * 1e9))
        counted = {name: self._asked(label, name, meter.stop) for name, meter in list(self._meters[label].items())}
        values = {name: value for name, value in counted.items() if value is not None}
        return Metered(window_ns=window_ns, values=values) if values else None

    def _made(self, device: str) -> dict[str, Meter]:
        meters = {}
        for metric in self._metrics:
            try:
                with guarded(f"making the meter of {metric.name}", passing=(MetricUnavailable,)):
                    meters[metric.name] = metric.meter(Device.parse(device))
            except (MetricUnavailable, PluginFailed) as failure:
                self._say(f"{metric.name} is not measured: {one_line(str(failure), LONGEST_REASON)}")
        return meters

    def _asked(self, label: str, name: str, ask: Callable[[], object]) -> float | None:
        """Return the value of a meter; a meter that raises or returns no finite number is no longer used."""
        try:
            with guarded(f"measuring {name}", passing=(MetricUnavailable,)):
                value = ask()
                return None if value is None else finite(value)
        except (MetricUnavailable, PluginFailed) as failure:
            del self._meters[label][name]
            self._say(f"{name} of {label} is no longer measured: {one_line(str(failure), LONGEST_REASON)}")
            return None

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._tell("metrics", text)


def finite(value: object) -> float:
    """Return the value of a meter as a float.

    Raises:
        ValueError: it is not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"a meter must return a finite number or None, not {repr_of(value)}")
    return float(value)
