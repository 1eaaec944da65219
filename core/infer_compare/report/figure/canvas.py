"""The whole picture: a row of panels for each run, one legend for all, and the file."""

from __future__ import annotations

import io
import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, cast

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from infer_compare.report.figure.panels import accuracy_panel, frontier_panel, latency_panel, throughput_panel
from infer_compare.report.figure.rows import rows_of
from infer_compare.report.figure.style import DOTS_PER_INCH, GREY, ROW_IN, SETTINGS, WIDTH_IN, looks
from infer_compare.report.phrases import run_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import SubFigure

    from infer_compare.report.figure.rows import Row
    from infer_compare.report.figure.style import Look
    from infer_compare.report.schema import ReportDocument

PANELS = (throughput_panel, latency_panel, frontier_panel)
LEGEND_LETTERS = 125
"""Characters that fit on a line of the legend."""
MARK_LETTERS = 9
"""Width of the mark beside a name and the gap after it, in characters."""
LONGEST_NAME = 60
LEGEND_LINE_IN = 0.15
LONGEST_TITLE = 118


def draw(documents: Sequence[ReportDocument], kind: Literal["png", "svg"]) -> bytes:
    """Return the picture of the runs as the content of a file, 7 inches wide.

    Args:
        documents: the runs. Each run and setting of its other axes gets a row of panels, or two rows if contenders differ in
            precision or other settings and output errors are known.
        kind: the file format.
    """
    rows = rows_of(documents)
    look = looks({label: backend for row in rows for label, backend in row.backends.items()})
    with mpl.rc_context(), warnings.catch_warnings():
        # A name in a script that the font lacks appears as boxes in a PNG, but as correct text in an SVG.
        warnings.filterwarnings("ignore", message=r"Glyph \d+", category=UserWarning)
        mpl.rcdefaults()
        mpl.rcParams.update(cast("Any", SETTINGS))
        names = _names(rows)
        columns = _columns(names)
        lines = -(-len(names) // columns)
        heights = [2 if row.accuracy is not None else 1 for row in rows]
        figure = Figure(
            figsize=(WIDTH_IN, ROW_IN * sum(heights) + LEGEND_LINE_IN * lines),
            layout=ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.03, hspace=0.02),
        )
        parts = figure.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
        for part, row in zip(parts, rows, strict=True):
            _row(part, row, look)
        _legend(figure, names, look, columns)
        file = io.BytesIO()
        figure.savefig(file, format=kind, dpi=DOTS_PER_INCH, metadata=_metadata(documents, kind))
    return file.getvalue()


def _row(part: SubFigure, row: Row, look: Mapping[str, Look]) -> None:
    title = part.suptitle(_cut(row.title, LONGEST_TITLE), x=0.005, ha="left", fontsize=7.5, fontweight="bold")
    title.set_parse_math(False)
    panels = PANELS if row.accuracy is None else (*PANELS, accuracy_panel)
    # Three side by side, or two by two.
    shape = (1, 3) if row.accuracy is None else (2, 2)
    for axes, panel in zip(part.subplots(*shape, squeeze=False).flat, panels, strict=True):
        if row.is_empty:
            axes.set_axis_off()
            continue
        panel(axes, row, look)
    if row.is_empty:
        part.text(0.5, 0.45, "nothing was measured", ha="center", color=GREY)


def _names(rows: Sequence[Row]) -> dict[str, str]:
    """Return the entries of the legend: every visible contender, then the meaning of the marks."""
    names = {label: _cut(row.names[label], LONGEST_NAME) for row in rows for label in row.labels}
    return names | _marks(rows)


_FASTEST, _FRONTIER, _FAILED, _BOUND = "\0fastest", "\0frontier", "\0failed", "\0bound"
"""Keys that are not valid labels."""


def _marks(rows: Sequence[Row]) -> dict[str, str]:
    marks: dict[str, str] = {}
    if any(True in series.fastest for row in rows for series in row.throughput.series):
        marks[_FASTEST] = "filled: shown to beat every other at that size"
    if any(row.best for row in rows):
        marks[_FRONTIER] = "frontier"
    if any(row.frontier.bound for row in rows):
        marks[_BOUND] = "latency bound, hollow where not shown to be kept"
    if any(series.missing for row in rows for series in row.throughput.series):
        marks[_FAILED] = "no figures"
    return marks


def _legend(figure: Figure, names: Mapping[str, str], look: Mapping[str, Look], columns: int) -> None:
    special: dict[str, dict[str, Any]] = {
        _FASTEST: {"color": GREY, "marker": "o", "markersize": 4, "linestyle": "none"},
        _FRONTIER: {"color": GREY, "linewidth": 2.6, "alpha": 0.35},
        _BOUND: {"color": GREY, "linewidth": 0.8, "linestyle": (0, (2, 2))},
        _FAILED: {"color": GREY, "marker": "x", "markersize": 3.5, "linestyle": "none"},
    }
    if not names:
        return
    handles = [Line2D([], [], **(special[key] if key in special else look[key].line)) for key in names]
    made = figure.legend(
        handles,
        # Matplotlib omits labels that begin with an underscore.
        [f"\N{ZERO WIDTH SPACE}{name}" if name.startswith("_") else name for name in names.values()],
        loc="outside lower center",
        ncols=columns,
        handlelength=2.6,
        columnspacing=1.4,
        handletextpad=0.5,
    )
    for text in made.get_texts():
        text.set_parse_math(False)


def _columns(names: Mapping[str, str]) -> int:
    """Return how many columns fit; the legend fills them one after the other, each as wide as its longest name."""
    widths = [len(name) + MARK_LETTERS for name in names.values()]
    for columns in range(len(widths), 1, -1):
        rows, longer = divmod(len(widths), columns)
        starts = [place * rows + min(place, longer) for place in range(columns + 1)]
        if sum(max(widths[start:end]) for start, end in pairwise(starts)) <= LEGEND_LETTERS:
            return columns
    return 1


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _metadata(documents: Sequence[ReportDocument], kind: Literal["png", "svg"]) -> dict[str, Any]:
    """Return the metadata of the file, without dates and versions, so that the same run gives the same file."""
    title = "; ".join(map(run_words, documents))
    if kind == "png":
        return {"Title": title, "Software": "infer-compare"}
    return {"Title": title, "Creator": "infer-compare", "Date": None}
