"""Formatting durations, rates, ratios and shares for texts."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def significant(value: float, digits: int = 3) -> str:
    """Return a number with some significant digits, never in scientific notation: 0.0312, 3.12, 312, 3,120."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - floor(log10(abs(value))))
    return f"{value:,.{decimals}f}"


def duration(nanoseconds: float, digits: int = 3) -> str:
    """Return a duration such as `12.3 us`, `0.312 ms` or `1.25 s`."""
    if nanoseconds < 1e5:
        return f"{significant(nanoseconds / 1e3, digits)} us"
    if nanoseconds < 1e9:
        return f"{significant(nanoseconds / 1e6, digits)} ms"
    return f"{significant(nanoseconds / 1e9, digits)} s"


def rate(samples_per_s: float) -> str:
    """Return a rate such as `12,340 samples/s`."""
    return f"{significant(samples_per_s)} samples/s"


def ratio(value: float) -> str:
    """Return a ratio such as `5.31`, `53.1` or `531`: two decimals below ten, else three digits."""
    return f"{value:.2f}" if value < 10 else significant(value)


def rough_ratio(value: float) -> str:
    """Return an imprecise ratio, such as `1.9` below three, else a whole number."""
    return f"{value:.1f}" if value < 2.95 else f"{value:,.0f}"


def percent(share: float) -> str:
    """Return a percentage such as `6 %`, or `under 1 %` for a positive share that would be rounded to zero."""
    whole = round(100 * share)
    return "under 1 %" if whole == 0 and share > 0 else f"{whole} %"


def margin_words(share: float) -> str:
    """Return a margin as a percentage with up to three digits: `3 %`, `4.3 %`."""
    return f"{100 * share:.3g} %"


def count(number: int, noun: str) -> str:
    """Return a number with a noun, such as `1 round` or `16 rounds`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listing(words: Sequence[str], conjunction: str = "and") -> str:
    """Return an enumeration such as `a`, `a and b` or `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
