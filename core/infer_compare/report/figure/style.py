"""Colours, marks and dashes that tell contenders apart, also in grey and for colour-blind readers; fonts and sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.report.charts.palette import SYMBOLS, colours, dashes

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH_IN = 7.0
"""Both columns of a paper."""
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
"""Marks and lines of the page by their names there."""
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
"""Over the defaults of matplotlib, not over those of the user: the same run looks the same everywhere."""


class Look(NamedTuple):
    """What a contender looks like in every panel."""

    colour: str
    marker: str
    dashes: Any

    @property
    def line(self) -> dict[str, Any]:
        """As arguments of `Axes.plot`: hollow markers, of which the panels fill some."""
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
    """Return the look that each contender has on the page; 42 of different frameworks differ.

    Args:
        frameworks: by label, in the order of the page.
    """
    symbols = [_MARKERS[name] for name in SYMBOLS]
    own = zip(frameworks, colours(frameworks.values())["light"], dashes(frameworks.values()), strict=True)
    return {
        label: Look(colour, symbols[place % len(symbols)], _DASHES[dash])
        for place, (label, colour, dash) in enumerate(own)
    }
