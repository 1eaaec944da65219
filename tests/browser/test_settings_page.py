"""A page about several settings of another axis: small charts that can be compared, and nothing that is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.interfaces import OperatingPoint
from infer_compare.report.html import HtmlReporter
from infer_compare.report.schema import Across

from .test_widths import at_width  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

    from infer_compare.report import ReportDocument

pytestmark = pytest.mark.slow
SIZES = (16, 64, 128)
RANGES = """
return [...document.querySelectorAll(".multiples .plot")].map(one => one._fullLayout.yaxis.range.concat(one._fullLayout.xaxis.range).join());
"""


@pytest.fixture
def settings_page(made: ReportDocument, tmp_path: Path) -> str:
    """The address of a report whose curves and answer are there at three lengths, each slower than the one before."""
    curves, answers = [], []
    for place, size in enumerate(SIZES):
        axes = (("seq", size),)
        for curve in made.curves:
            points = []
            for point in curve.points:
                figures = point.figures
                if figures is not None:
                    figures = msgspec.structs.replace(figures, throughput=figures.throughput / (1 + place))
                points.append(
                    msgspec.structs.replace(point, point=OperatingPoint(point.point.batch, axes), figures=figures)
                )
            curves.append(msgspec.structs.replace(curve, axes=axes, points=tuple(points)))
        for report in made.answers:
            answer = msgspec.structs.replace(
                report.answer, axes=axes, by_contender=(), recommended=None, kept=(), bound=None
            )
            answers.append(msgspec.structs.replace(report, answer=answer, under_bound=()))
    across = Across(changes="The fastest is onnx at every setting.")
    document = msgspec.structs.replace(made, curves=tuple(curves), answers=tuple(answers), pairs=(), across=across)
    path = tmp_path / "settings.html"
    path.write_text(HtmlReporter().render(document), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("width", [360, 860, 1280])
def test_small_charts_of_all_settings_have_the_same_axes_and_nothing_is_cut(
    opened: Chrome, settings_page: str, width: int
) -> None:
    """With the tables of every cell, on a telephone as on a screen."""
    assert at_width(opened, width, settings_page) == []
    ranges = opened.execute_script(RANGES)
    assert len(ranges) == len(SIZES)
    assert len(set(ranges)) == 1
    assert [entry for entry in opened.get_log("browser") if entry["level"] != "INFO"] == []
