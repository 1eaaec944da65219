"""Reports and comparisons from a telephone to a wide screen: nothing that says a verdict is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.support.ui import WebDriverWait

from infer_compare.report.comparison import document, render

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow

CUT = """
return [...document.querySelectorAll(".tag, h1, .ask, .command button, .theme")].filter(one => one.checkVisibility()).filter(one => {
  const box = one.getBoundingClientRect(), around = one.closest(".scroll, .card, header").getBoundingClientRect();
  return box.left < around.left - 1 || box.right > around.right + 1 || box.right > innerWidth + 1;
}).map(one => one.className + ": " + one.textContent);
"""
WIDE = """
return [...document.body.querySelectorAll("*")].filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll, .legend, pre"))
  .map(one => one.tagName + "." + one.className).slice(0, 5);
"""
DRAWN = "return [...document.querySelectorAll('.plot')].every((one) => one.data)"


def at_width(browser: Chrome, width: int, page: str) -> list[str]:
    """Open a page on a screen so wide; what is cut at its side."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get(page)
    WebDriverWait(browser, 30).until(lambda one: one.execute_script(DRAWN))
    cut: list[str] = browser.execute_script(CUT)
    if browser.execute_script("return document.documentElement.scrollWidth > innerWidth"):
        cut.append(f"the page, by {browser.execute_script(WIDE)}")
    return cut


@pytest.mark.parametrize("width", [360, 640, 860, 1024, 1920])
def test_no_verdict_of_a_report_is_cut(opened: Chrome, page: str, width: int) -> None:
    """Of contenders with long names."""
    assert at_width(opened, width, page) == []


@pytest.mark.parametrize("width", [360, 640, 860, 1920])
def test_no_verdict_of_a_comparison_is_cut(opened: Chrome, stories: Any, tmp_path: Path, width: int) -> None:
    """With the curves of both runs drawn, and no message."""
    curves = {label: {size: 0.3 + 0.1 * size for size in (1, 2, 4)} for label in ("onnx", "torch")}
    slower = {label: {size: 1.4 * time for size, time in curve.items()} for label, curve in curves.items()}
    compared = document(stories.Story(curves=curves).run(), stories.Story(curves=slower).run(), across_conditions=True)
    path = tmp_path / "compared.html"
    path.write_text(render("html", compared), encoding="utf-8")
    opened.get_log("browser")
    assert at_width(opened, width, path.as_uri()) == []
    assert [entry for entry in opened.get_log("browser") if entry["level"] != "INFO"] == []
    curves_drawn = "return document.getElementById('c0-throughput').data.filter(one => one.meta !== undefined).length"
    assert opened.execute_script(curves_drawn) == 4
