"""What a plugin measures around timed slices, such as energy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, Protocol

import msgspec

from infer_compare.interfaces.values import Device

Per = Literal["sample", "call", "second", "slice"]
"""What a metric is a figure of."""
Combining = Literal["total", "median", "largest", "smallest"]
"""How the slices of a point make one figure: what was counted in all of them over all that they ran, or one of their values."""
Better = Literal["lower", "higher"]


class MetricUnavailable(Exception):
    """A metric cannot be measured on this machine; the text is a clause that says why, and what to do about it."""


class Meter(Protocol):
    """Measures one metric of one contender."""

    def start(self) -> None:
        """Begin: called before a slice, while the contender's workers are suspended."""
        ...

    def stop(self) -> float | None:
        """Return what was counted since `start`, in the metric's unit; None where nothing is known. Called after the slice."""
        ...


class MetricInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a metric without measuring it: as runs keep it."""

    name: str
    """What is asked for by `--metrics`; lower-case letters, digits and `_`."""
    unit: str
    """Of what `stop` returns, such as `J`."""
    per: Per = "slice"
    """What a figure is of: `sample` divides what was counted by the samples that ran meanwhile, `second` by the time."""
    combine: Combining = "total"
    better: Better = "lower"
    description: str = ""
    """One line: what it is, and of what."""

    @property
    def full_unit(self) -> str:
        """The unit of a figure, such as `J/sample`."""
        return self.unit if self.per == "slice" else f"{self.unit}/{self.per}"

    @property
    def column(self) -> str:
        """The name of its column in files, such as `energy_j_per_sample`."""
        words = re.sub(r"[^a-z0-9]+", "_", self.full_unit.lower().replace("/", "_per_").replace("%", "percent"))
        return f"{self.name}_{words}".strip("_")


class Metric(MetricInfo, frozen=True, kw_only=True):
    """A metric that a plugin measures around timed slices, in the parent process and never inside timed calls."""

    meter: Callable[[Device], Meter]
    """Takes the device of a contender and returns what measures it, or raises `MetricUnavailable`. It is called once for
    each contender, and only where the metric was asked for."""

    @property
    def info(self) -> MetricInfo:
        """Everything but the function."""
        values: dict[str, Any] = {name: getattr(self, name) for name in MetricInfo.__struct_fields__}
        return MetricInfo(**values)
