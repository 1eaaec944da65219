"""Small bars of block characters, all of one report on one logarithmic scale."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

EIGHTHS = " ▏▎▍▌▋▊▉█"
LEAST_SPAN = 4.0
"""From highest to lowest: on a narrower scale, noise would look like a difference."""


class Scale(msgspec.Struct, frozen=True):
    """From a throughput that still gets a sliver to the highest, which fills the width."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Scale | None:
        """The scale that spans the values, or more where they are close; None without any."""
        found = list(values)
        return cls(min(*found, max(found) / LEAST_SPAN), max(found)) if found else None

    def bar(self, value: float, width: int, *, ascii_only: bool = False) -> str:
        """The bar of a value, in steps of an eighth of a column, or of a whole one where there is ASCII alone."""
        steps = width if ascii_only else 8 * width
        share = log(value / self.low) / log(self.high / self.low)
        filled = 1 + round((steps - 1) * share)
        if ascii_only:
            return "#" * filled
        return EIGHTHS[8] * (filled // 8) + EIGHTHS[filled % 8].strip()
