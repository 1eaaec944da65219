"""Axes with plain numbers as ticks: powers of two for batch sizes, multiples of 1, 2 and 5 for figures."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

MOST_TICKS = 8
HEADROOM = 1.1
"""Room above the highest value of a linear axis, as a factor."""
ROOM = 1.18
"""Room beyond the outermost values of a logarithmic axis, as a factor."""


def batch_scale(axes: Axes, sizes: Iterable[int]) -> None:
    """Set a logarithmic x axis with ticks at batch sizes: at powers of two if there are any, else at the measured sizes."""
    every = sorted(set(sizes))
    axes.set_xscale("log", base=2)
    shown = [size for size in every if size & (size - 1) == 0] or every
    while len(shown) > MOST_TICKS:
        shown = shown[::2]
    axes.set_xlim(every[0] / ROOM, every[-1] * ROOM)
    _fix(axes.xaxis, shown)


def figure_scale(axes: Axes, which: str, values: Iterable[float]) -> None:
    """Set a logarithmic axis over the values, with ticks at 1, 2 and 5, or only at powers of ten if there are many."""
    finite = list(values)
    low, high = min(finite) / ROOM, max(finite) * ROOM
    ticks = _ticks(low, high)
    if len(ticks) < 2:
        # In a very small range all ticks at 1, 2 and 5 may fall outside.
        low, high = low / 1.6, high * 1.6
        ticks = _ticks(low, high)
    if which == "x":
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        _fix(axes.xaxis, ticks)
    else:
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        _fix(axes.yaxis, ticks)


def zero_scale(axes: Axes, values: Iterable[float]) -> None:
    """Set a linear y axis from zero."""
    axes.set_ylim(0, max(values) * HEADROOM)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(round(value, 12))))


def short(value: float) -> str:
    """Return a short number, such as `0.05`, `20`, `5k` or `2M`."""
    for power, letter in ((9, "G"), (6, "M"), (3, "k")):
        if value >= 10**power:
            return f"{value / 10**power:g}{letter}"
    return f"{value:g}"


def _ticks(low: float, high: float) -> list[float]:
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= MOST_TICKS:
            return ticks
    return ticks[:: ceil(len(ticks) / MOST_TICKS)]


def _fix(axis: Axis, ticks: Sequence[float]) -> None:
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(round(value, 12))))
