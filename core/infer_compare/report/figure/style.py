"""Colours, markers and dashes that distinguish contenders, also in grey and for colour-blind readers; fonts and sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.report.charts.palette import SYMBOLS, colours, dashes

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH_IN = 7.0
"""Width in inches: both columns of a paper."""
ROW_IN = 2.15
DOTS_PER_INCH = 300

_MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "triangle-down": "v",
    "pentagon": "p",
    "cross": "P",
}
"""Matplotlib's markers and dashes by the names used on the page."""
_DASHES: dict[str, Any] = {"solid": "-", "dash": (0, (4, 1.4)), "dashdot": (0, (5, 1.4, 1.2, 1.4))}

GREY = "#767676"
RULE = "#dddddd"

SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "axes.linewidth": 0.6,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "infer-compare",
    "text.usetex": False,
}
"""Settings on top of matplotlib's defaults, not the user's, so that the same run looks the same everywhere."""


class Look(NamedTuple):
    """The look of a contender in every panel."""

    colour: str
    marker: str
    dashes: Any

    @property
    def line(self) -> dict[str, Any]:
        """Arguments of `Axes.plot`, with hollow markers; the panels fill some of them."""
        return {
            "color": self.colour,
            "marker": self.marker,
            "linestyle": self.dashes,
            "linewidth": 1.1,
            "markersize": 3.8,
            "markeredgewidth": 0.9,
            "markerfacecolor": "white",
        }


def looks(frameworks: Mapping[str, str]) -> dict[str, Look]:
    """Return the look of each contender, as on the page; up to 42 contenders of different frameworks look different.

    Args:
        frameworks: the framework of each contender by label, in the order of the page.
    """
    symbols = [_MARKERS[name] for name in SYMBOLS]
    looks_of = zip(frameworks, colours(frameworks.values())["light"], dashes(frameworks.values()), strict=True)
    return {
        label: Look(colour, symbols[place % len(symbols)], _DASHES[dash])
        for place, (label, colour, dash) in enumerate(looks_of)
    }
