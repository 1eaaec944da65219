"""The page of an answer about capacity, in a browser: its charts are drawn, and nothing is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import capacity_answers
from infer_compare.report.capacity import FORMATS, document

from .test_widths import at_width  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow

CURVES = """
const place = document.getElementById(arguments[0]);
return place.data.filter((one) => one.meta !== undefined).map((one) => one.x.length);
"""
LINES = "return document.getElementById(arguments[0]).layout.shapes.length"


@pytest.fixture(scope="module")
def answered(stories: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page about a rate, with a replay."""
    answer = capacity_answers.at_rate(300.0, replayed=(capacity_answers.replayed(),))
    path: Path = tmp_path_factory.mktemp("capacity") / "capacity.html"
    path.write_text(FORMATS.render("html", document(answer, stories.Story().run())), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("width", [360, 860, 1920])
def test_no_figure_of_an_answer_about_capacity_is_cut(browser: Chrome, answered: str, width: int) -> None:
    """And the browser has nothing to say."""
    browser.get_log("browser")
    assert at_width(browser, width, answered) == []
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def test_latency_is_drawn_against_rate_for_each_contender(browser: Chrome, answered: str) -> None:
    """With the bound in the chart of its percentile, the rate that was asked about, and where each contender saturates."""
    at_width(browser, 1280, answered)
    assert browser.execute_script(CURVES, "capacity-p99") == [5, 5]
    saturation, bound, asked = 2, 1, 1
    assert browser.execute_script(LINES, "capacity-p99") == saturation + bound + asked
    assert browser.execute_script(LINES, "capacity-p50") == saturation + asked
