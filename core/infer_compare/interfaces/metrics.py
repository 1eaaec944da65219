"""The interface of metrics that plugins measure around timed slices, such as energy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, Protocol

import msgspec

from infer_compare.interfaces.values import Device

Per = Literal["sample", "call", "second", "slice"]
"""What a metric's figure refers to."""
Combining = Literal["total", "median", "largest", "smallest"]
"""How the slices of a point are combined: the total count over the total samples or time, or one of their values."""
Better = Literal["lower", "higher"]


class MetricUnavailable(Exception):
    """A metric cannot be measured on this machine; the message is a clause that says why and what to do."""


class Meter(Protocol):
    """Measures one metric of one contender."""

    def start(self) -> None:
        """Begin: called before a slice, while the contender's workers are suspended."""
        ...

    def stop(self) -> float | None:
        """Return the count since `start`, in the metric's unit; None if unknown. Called after the slice."""
        ...


class MetricInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The description of a metric, as runs store it."""

    name: str
    """The value of `--metrics`: lower-case letters, digits and `_`."""
    unit: str
    """The unit of what `stop` returns, such as `J`."""
    per: Per = "slice"
    """`sample` divides the count by the samples that ran in the slice, `second` by its duration."""
    combine: Combining = "total"
    better: Better = "lower"
    description: str = ""
    """One line that says what is measured."""

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
    """Takes the device of a contender and returns its meter, or raises `MetricUnavailable`. Called once for each contender,
    and only if the metric was requested."""

    @property
    def info(self) -> MetricInfo:
        """The description without the function."""
        values: dict[str, Any] = {name: getattr(self, name) for name in MetricInfo.__struct_fields__}
        return MetricInfo(**values)
