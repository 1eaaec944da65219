"""The cost of samples at a price of the machine."""

from __future__ import annotations

from typing import Literal

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part

TimeUnit = Literal["s", "min", "h", "d"]


class Price(Part, frozen=True, kw_only=True):
    """The price of the machine, as given."""

    amount: float
    currency: str
    """A word or a sign; empty if none was given."""
    unit: TimeUnit
    """The unit of time."""
    per_second: float


class Cost(Part, frozen=True, kw_only=True):
    """The cost of a million samples with a contender at its best batch size."""

    contender: str
    name: str
    point: OperatingPoint
    bound: str = ""
    """The latency bound that this size is proven to keep, such as `p95 within 20.0 ms`; empty without a bound."""
    throughput: float
    """The throughput from which the cost was computed."""
    per_million: float
    """In the currency of the price."""
    low: float | None = None
    """The cost at the upper end of the throughput's 95 % interval; None without an interval."""
    high: float | None = None
    """The cost at its lower end."""


class Costs(Part, frozen=True, kw_only=True):
    """The costs of a million samples: the price of the machine over the throughput."""

    price: Price
    by_contender: tuple[Cost, ...]
    """In the order of the answers; sizes that keep a latency bound come first."""
