"""How contenders are told apart, in colour, in grey and by eyes that see fewer colours; fonts and sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH_IN = 7.0
"""Both columns of a paper."""
ROW_IN = 2.15
DOTS_PER_INCH = 300

# Okabe and Ito's colours without the yellow, which is too pale on white; neighbours differ in lightness too.
_COLOURS = ("#0072B2", "#E69F00", "#000000", "#CC79A7", "#009E73", "#56B4E9", "#D55E00")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.4)), (0, (1.2, 1.2)), (0, (5, 1.4, 1.2, 1.4)))

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
        """As arguments of `Axes.plot`: hollow markers; the recommended size alone is filled."""
        return {
            "color": self.colour,
            "marker": self.marker,
            "linestyle": self.dashes,
            "linewidth": 1.1,
            "markersize": 3.8,
            "markeredgewidth": 0.9,
            "markerfacecolor": "white",
        }


def looks(labels: Iterable[str]) -> dict[str, Look]:
    """A look for each label, in their order; 56 of them differ."""
    return {
        label: Look(_COLOURS[place % len(_COLOURS)], _MARKERS[place % len(_MARKERS)], _DASHES[place % len(_DASHES)])
        for place, label in enumerate(dict.fromkeys(labels))
    }
