"""Colours of contenders in light and dark themes, with markers and dashes that distinguish them without colour.

The six colours of a theme remain distinguishable, by hue or by lightness, for people who do not see red, green or blue,
and have a contrast of at least 3 with the background.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Theme = Literal["light", "dark"]

CONTENDERS: dict[Theme, tuple[str, ...]] = {
    "light": ("#1565c0", "#d9510f", "#0aa282", "#a62b7f", "#6d4700", "#2b3038"),
    "dark": ("#4a8cf5", "#ee7d35", "#2fdc9d", "#d9a6f4", "#f2e73a", "#b8f0ff"),
}
PAPER: dict[Theme, str] = {"light": "#ffffff", "dark": "#171b21"}
"""Background colours of charts."""
SYMBOLS: dict[str, str] = {
    "circle": "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
    "square": "M1.5 1.5h9v9h-9z",
    "diamond": "M6 .2l5.8 5.8l-5.8 5.8l-5.8-5.8z",
    "triangle-up": "M6 .8l5.7 10h-11.4z",
    "triangle-down": "M6 11.2l5.7-10h-11.4z",
    "pentagon": "M6 .5l5.6 4.1l-2.1 6.6h-7l-2.1-6.6z",
    "cross": "M4 1h4v3h3v4h-3v3h-4v-3h-3v-4h3z",
}
"""Markers by Plotly's names, and as paths in a box of 12 by 12. Their number and the number of colours have no common
factor, so that combinations repeat late."""
PARTS: dict[Theme, tuple[str, ...]] = {
    "light": ("#12355b", "#3f6f9f", "#7fa6c9", "#b9cfe2", "#e3b76b"),
    "dark": ("#dbe9f7", "#9cc0e2", "#5f8fbd", "#35597f", "#c08f3a"),
}
"""Colours of the parts of a whole: steps of lightness, and another hue for the last part."""
STEPS: tuple[float, ...] = (0.0, 0.34, 0.58)
"""How far the colours of further contenders of a framework shift: towards black in the light theme, white in the dark."""
DASHES: tuple[str, ...] = ("solid", "dash", "dashdot")
"""Dashes of further contenders of a framework: they share a hue but not a line style."""


def colours(frameworks: Iterable[str]) -> dict[Theme, tuple[str, ...]]:
    """Return a colour for each contender, by theme: contenders of one framework share a hue and differ in lightness.

    Args:
        frameworks: the framework of each contender, in order.
    """
    places = list(_places(frameworks))
    return {theme: tuple(_stepped(theme, *place) for place in places) for theme in CONTENDERS}


def dashes(frameworks: Iterable[str]) -> tuple[str, ...]:
    """Return a line style for each contender, by Plotly's names."""
    return tuple(DASHES[step] for _, step in _places(frameworks))


def _places(frameworks: Iterable[str]) -> Iterable[tuple[int, int]]:
    """Yield the index of each contender's hue, and its index among the contenders with this hue."""
    members: dict[str, int] = {}
    hues: dict[str, int] = {}
    for framework in frameworks:
        hue = hues.setdefault(framework, len(hues))
        number = members.get(framework, 0)
        members[framework] = number + 1
        yield hue % len(CONTENDERS["light"]), number % len(STEPS)


def _stepped(theme: Theme, hue: int, step: int) -> str:
    colour, end = CONTENDERS[theme][hue], 0 if theme == "light" else 255
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (end - part) * STEPS[step]):02x}" for part in parts)
