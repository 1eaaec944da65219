"""What samples cost at a price of the machine."""

from __future__ import annotations

from typing import Literal

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part

TimeUnit = Literal["s", "min", "h", "d"]


class Price(Part, frozen=True, kw_only=True):
    """What the machine costs, as it was given."""

    amount: float
    currency: str
    """A word or a sign; empty where none was given."""
    unit: TimeUnit
    """What the amount is for."""
    per_second: float


class Cost(Part, frozen=True, kw_only=True):
    """What a million samples cost with a contender at its best batch size."""

    contender: str
    name: str
    point: OperatingPoint
    bound: str = ""
    """The latency bound that this size is shown to keep, such as `p95 within 20.0 ms`; empty where no bound was heeded."""
    throughput: float
    """That the cost was computed with."""
    per_million: float
    """In the currency of the price."""
    low: float | None = None
    """At the upper end of the throughput's 95 % interval; None where there is none."""
    high: float | None = None
    """At its lower end."""


class Costs(Part, frozen=True, kw_only=True):
    """What a million samples cost: the price of the machine over the throughput."""

    price: Price
    by_contender: tuple[Cost, ...]
    """In the order of the answers; what keeps a latency bound comes first."""
