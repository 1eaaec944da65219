"""Throughput against output error, as the page draws it: a mark for each contender, names that cover nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.support.ui import WebDriverWait

from infer_compare.report import document
from infer_compare.report.html import HtmlReporter

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow

DRAWN = "return [...document.querySelectorAll('.plot')].every((one) => one.data)"
MARKS = """
return document.getElementById("r0f0-accuracy").data.filter((one) => one.error_y)
  .map((one) => ({ x: one.x[0], y: one.y[0], size: one.marker.size, name: one.text[0], said: one.customdata[0] }));
"""
NAMES = """
return [...document.querySelectorAll("#r0f0-accuracy .textpoint text")].map((one) => one.getBoundingClientRect())
  .map((box) => [box.left, box.top, box.right, box.bottom]);
"""
WIDE = "return document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def page(stories: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report of six contenders, two of which are nearly alike."""
    curves = {
        "torch": {1: 1.5, 8: 7.0},
        "torch:precision=bfloat16": {1: 1.0, 8: 4.1},
        "torch:compile=true": {1: 1.2, 8: 6.9},
        "onnx": {1: 0.5, 8: 3.8},
        "onnx:precision=int8": {1: 0.3, 8: 1.5},
        "onnx:threads=1,instances=2": {1: 0.45, 8: 3.7},
    }
    made = document(
        stories.Story(
            curves=curves,
            asked={"onnx:threads=1,instances=2": {"threads": 1, "instances": 2}},
            precisions={"torch:precision=bfloat16": "bfloat16", "onnx:precision=int8": "int8"},
            errors={"torch": 1e-12, "torch:precision=bfloat16": 0.012, "onnx:precision=int8": 0.046},
            restarts=2,
        ).run()
    )
    path = tmp_path_factory.mktemp("accuracy") / "report.html"
    path.write_text(HtmlReporter().render(made), encoding="utf-8")
    return path.as_uri()


def drawn(browser: Chrome, page: str, width: int, scheme: str = "light") -> Any:
    """The marks of the chart on a screen so wide."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": features})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get_log("browser")
    browser.get(page)
    WebDriverWait(browser, 30).until(lambda one: one.execute_script(DRAWN))
    assert browser.get_log("browser") == []
    assert not browser.execute_script(WIDE)
    return browser.execute_script(MARKS)


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "light"), (1280, "dark")])
def test_every_contender_has_a_mark_that_says_its_figures(browser: Chrome, page: str, width: int, scheme: str) -> None:
    """On a telephone and on a wide screen, in both themes, with no message and nothing beside the screen."""
    marks = drawn(browser, page, width, scheme)
    assert len(marks) == 6
    said = next(one["said"] for one in marks if "int8" in one["said"])
    assert "output error 0.046" in said
    assert all(9 < one["size"] <= 30 for one in marks)


def test_names_beside_marks_cover_no_other(browser: Chrome, page: str) -> None:
    """On a narrow screen there are none; the legend has them."""
    assert [one["name"] for one in drawn(browser, page, 360) if one["name"]] == []
    assert len([one["name"] for one in drawn(browser, page, 1280) if one["name"]]) >= 4
    boxes = browser.execute_script(NAMES)
    assert [
        (one, other)
        for place, one in enumerate(boxes)
        for other in boxes[place + 1 :]
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ] == []
