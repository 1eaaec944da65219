"""Small bars of block characters, all of one report on one logarithmic scale."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

EIGHTHS = " ▏▎▍▌▋▊▉█"


class Scale(msgspec.Struct, frozen=True):
    """From the lowest throughput, which still gets a sliver, to the highest, which fills the width."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Scale | None:
        """The scale that spans the values; None without any."""
        found = list(values)
        return cls(min(found), max(found)) if found else None

    def bar(self, value: float, width: int) -> str:
        """The bar of a value, in steps of an eighth of a column."""
        steps = 8 * width
        share = log(value / self.low) / log(self.high / self.low) if self.high > self.low else 1.0
        filled = 1 + round((steps - 1) * share)
        return EIGHTHS[8] * (filled // 8) + EIGHTHS[filled % 8].strip()
