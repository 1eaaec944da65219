"""Small bars of block characters, all on one scale from zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

EIGHTHS = " ▏▎▍▌▋▊▉█"


class Scale(msgspec.Struct, frozen=True):
    """The scale of all bars of a report, from zero to the highest throughput, which fills the width."""

    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Scale | None:
        """Return the scale up to the highest of the values; None without any."""
        high = max(values, default=0.0)
        return cls(high) if high > 0 else None

    def bar(self, value: float, width: int, *, ascii_only: bool = False) -> str:
        """Return the bar of a value, in steps of an eighth of a column, or of a whole column with ASCII only."""
        steps = width if ascii_only else 8 * width
        filled = max(1, round(steps * value / self.high))
        if ascii_only:
            return "#" * filled
        return EIGHTHS[8] * (filled // 8) + EIGHTHS[filled % 8].strip()
