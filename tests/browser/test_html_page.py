"""The HTML report in a real browser, opened from a file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

from infer_compare.report.charts.palette import CONTENDERS
from infer_compare.report.html import HtmlReporter
from infer_compare.report.phrases import milliseconds, spread_words
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

    from infer_compare.report import ReportDocument

pytestmark = pytest.mark.slow

SECONDS = 15
DRAWN = """
return [...document.querySelectorAll('.plot')].map(plot => [plot.id, (plot.data || []).map(trace => trace.meta)]);
"""
"""The charts by identifier, each with the contenders of its traces."""
OVER = """
const plot = document.getElementById(arguments[0]), trace = plot.data.find(one => one.meta === arguments[1]);
const layout = plot._fullLayout, at = trace.x.indexOf(arguments[2]), box = plot.getBoundingClientRect();
return [
  layout.xaxis._offset + layout.xaxis.d2p(trace.x[at]) - box.width / 2,
  layout.yaxis._offset + layout.yaxis.d2p(trace.y[at]) - box.height / 2,
];
"""
"""Where a point of a trace is, from the middle of the chart."""


def hover(browser: Chrome, chart: str, contender: int, x: float) -> str:
    """What appears when the mouse is over a point."""
    plot = browser.find_element(By.ID, chart)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", plot)
    right, down = browser.execute_script(OVER, chart, contender, x)
    ActionChains(browser).move_to_element_with_offset(plot, round(right) - 3, round(down)).move_by_offset(
        3, 0
    ).perform()

    def told(_: Chrome) -> str:
        return str(
            browser.execute_script(
                "return document.getElementById(arguments[0]).querySelector('.hoverlayer').textContent", chart
            )
        )

    return WebDriverWait(browser, SECONDS).until(told)


def rows(browser: Chrome, chart: str) -> list[list[str]]:
    """The table behind a chart, as it is shown when it is opened."""
    figure = browser.find_element(By.XPATH, f"//*[@id='{chart}']/ancestor::figure")
    details = figure.find_element(By.TAG_NAME, "details")
    if details.get_attribute("open") is None:
        summary = details.find_element(By.TAG_NAME, "summary")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", summary)
        summary.click()
    body = details.find_elements(By.CSS_SELECTOR, "tbody tr")
    return [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")] for row in body]


def contenders_drawn(browser: Chrome) -> dict[str, set[int]]:
    """The contenders that have traces, by chart."""
    return {name: {one for one in traces if one is not None} for name, traces in browser.execute_script(DRAWN)}


def test_the_page_opens_offline_without_a_message_and_draws_every_chart(opened: Chrome) -> None:
    """Nothing is loaded, nothing is refused by the policy, and no chart is empty."""
    assert [entry for entry in opened.get_log("browser") if entry["level"] != "INFO"] == []
    assert opened.execute_script("return performance.getEntriesByType('resource').length") == 0
    drawn = contenders_drawn(opened)
    assert set(drawn) == {
        "r0f0-throughput", "r0f0-latency", "r0f0-frontier", "r0f0-memory", "r0f0-parts", "r0-start-up",
    }  # fmt: skip
    plots = opened.find_elements(By.CSS_SELECTOR, ".plot")
    assert all(plot.find_elements(By.CSS_SELECTOR, ".main-svg .trace path") for plot in plots)


def test_the_policy_lets_no_text_become_a_script(opened: Chrome) -> None:
    """Neither by evaluation nor by a new element."""
    # What the driver itself runs may evaluate; what the page runs later may not.
    evaluated = opened.execute_async_script(
        "const done = arguments[0];"
        "setTimeout(() => { try { done((0, eval)('1')) } catch (error) { done(error.name) } });"
    )
    assert evaluated == "EvalError"
    opened.execute_script(
        "const one = document.createElement('script'); one.textContent = 'window.taken = 3'; document.body.append(one);"
    )
    assert opened.execute_script("return window.taken === undefined")


def test_the_legend_hides_a_contender_in_all_charts_and_shows_it_again(opened: Chrome) -> None:
    """By mouse and by keyboard."""
    before = contenders_drawn(opened)
    curves = {name for name, places in before.items() if places}
    assert {frozenset(before[name]) for name in curves} == {frozenset({0, 1, 2, 3})}
    bars = "return document.getElementById('r0-start-up').data[0].y.length"
    assert opened.execute_script(bars) == 4
    button = opened.find_element(By.CSS_SELECTOR, "button[data-contender='1']")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert all(contenders_drawn(opened)[name] == {0, 2, 3} for name in curves)
    assert opened.execute_script(bars) == 3
    button.send_keys(Keys.SPACE)
    assert button.get_attribute("aria-pressed") == "true"
    assert contenders_drawn(opened) == before


def test_hovering_shows_the_values_of_the_nearest_curve(opened: Chrome, made: ReportDocument) -> None:
    """They are written as in the tables, under its name and the size; the other curves stay silent."""
    names = [one.name for one in made.contenders]
    for place, curve in enumerate(made.curves[:2]):
        shown = hover(opened, "r0f0-throughput", place, 16)
        assert f"{names[place]}, batch 16" in shown
        (figures,) = [point.figures for point in curve.points if point.point.batch == 16]
        assert figures is not None
        assert f"{significant(figures.throughput)} ±{spread_words(figures)} %" in shown
        assert names[1 - place] not in shown


def test_a_part_of_a_chart_is_zoomed_into_and_left_again(opened: Chrome) -> None:
    """By dragging; the ticks are those of the part, and a button shows all of it again."""
    ranges = "return document.getElementById('r0f0-latency')._fullLayout.xaxis.range"
    before = opened.execute_script(ranges)
    plot = opened.find_element(By.ID, "r0f0-latency")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", plot)
    ActionChains(opened).move_to_element_with_offset(plot, -60, -60).click_and_hold().move_by_offset(
        60, 40
    ).move_by_offset(60, 60).release().perform()
    button = plot.find_element(By.XPATH, "preceding-sibling::button")
    WebDriverWait(opened, SECONDS).until(lambda _: button.is_displayed())
    low, high = opened.execute_script(ranges)
    assert before[0] < low < high < before[1]
    assert opened.execute_script("return document.getElementById('r0f0-latency')._fullLayout.yaxis.tickvals.length") > 1
    button.click()
    WebDriverWait(opened, SECONDS).until(lambda _: not button.is_displayed())
    assert opened.execute_script(ranges) == pytest.approx(before)


def test_the_button_turns_the_page_dark_and_light_again(opened: Chrome) -> None:
    """Paper and curves alike; without it the system decides."""
    paper = "return getComputedStyle(document.body).backgroundColor"
    line = "return document.getElementById('r0f0-latency').data.find(one => one.meta === 0).line.color"
    light = opened.execute_script(paper)
    assert opened.execute_script(line) == CONTENDERS["light"][0]
    button = opened.find_element(By.CSS_SELECTOR, "button.theme")
    button.click()
    dark = opened.execute_script(paper)
    assert (dark != light, opened.execute_script(line)) == (True, CONTENDERS["dark"][0])
    button.click()
    assert (opened.execute_script(paper), opened.execute_script(line)) == (light, CONTENDERS["light"][0])


def test_a_system_in_dark_mode_gets_a_dark_page(opened: Chrome, page: str) -> None:
    """Without any click."""
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": features})
    opened.get(page)
    line = "return document.getElementById('r0f0-latency').data.find(one => one.meta === 0).line.color"
    assert opened.execute_script(line) == CONTENDERS["dark"][0]
    assert opened.find_element(By.CSS_SELECTOR, "button.theme").text.endswith("Light")


def test_a_hostile_name_stays_text_everywhere(opened: Chrome, made: ReportDocument) -> None:
    """In the heading, in tables, in the legend, beside bars and under the mouse."""
    hostile = made.contenders[3].name
    assert {"<b>", "&lt;", "<script>", "onerror=", "%{x}"} <= set(
        re.findall(r"<b>|&lt;|<script>|onerror=|%{x}", hostile)
    )
    assert f"model {hostile}" in opened.find_element(By.CSS_SELECTOR, ".eyebrow").text
    assert hostile in opened.find_element(By.CSS_SELECTOR, ".bests").text
    assert hostile in opened.find_element(By.CSS_SELECTOR, "button[data-contender='3']").text
    ticks = opened.execute_script(
        "return [...document.querySelectorAll('#r0-start-up .ytick text')].map(one => one.textContent)"
    )
    assert len(ticks) == 4
    assert hostile.startswith(ticks[3].removesuffix("…"))
    assert hostile in hover(opened, "r0f0-throughput", 3, 16)
    assert hostile in hover(opened, "r0f0-frontier", 3, opened.execute_script(
        "return document.getElementById('r0f0-frontier').data.find(one => one.meta === 3).x[0]"
    ))  # fmt: skip
    assert opened.execute_script("return window.taken === undefined && document.images.length === 0")


def test_the_tables_hold_the_figures_of_the_run(opened: Chrome, made: ReportDocument) -> None:
    """Throughput and latency, at every size, for every contender."""
    throughput, latency = rows(opened, "r0f0-throughput"), rows(opened, "r0f0-latency")
    assert [row[0] for row in throughput] == [str(2**power) for power in range(8)]
    for place, curve in enumerate(made.curves):
        columns = slice(1 + 2 * place, 3 + 2 * place)
        for row, points, point in zip(throughput, latency, curve.points, strict=True):
            found = point.figures
            if found is None:
                assert row[columns][0] in {"OOM", "died"}
                continue
            assert row[columns] == [significant(found.throughput), spread_words(found)]
            first = 1 + place * (len(points) - 1) // len(made.curves)
            assert points[first : first + 2] == [milliseconds(found.latency_p50_ns), milliseconds(found.latency_p95_ns)]


def test_memory_is_scaled_to_what_was_used_and_the_cap_is_the_edge(opened: Chrome) -> None:
    """The cap of 8 GiB is far above: the edge says so, and the cross of what ran out of memory stands on it."""
    traces = opened.execute_script("return document.getElementById('r0f0-memory').data")
    crosses = [trace for trace in traces if trace.get("marker", {}).get("symbol") == "x-thin"]
    edge = 10 ** opened.execute_script("return document.getElementById('r0f0-memory')._fullLayout.yaxis.range[1]")
    assert [trace["x"] for trace in crosses] == [[128]]
    assert crosses[0]["y"] == pytest.approx([edge])
    most = max(value for trace in traces if trace.get("mode") == "lines+markers" for value in trace["y"])
    assert most < edge < 2 * most
    assert "cap 8.00 GiB is above this edge" in opened.find_element(By.ID, "r0f0-memory").get_property("textContent")


def test_the_frontier_has_the_bound_in_it(opened: Chrome) -> None:
    """At its place, with its words, and points beyond it are hollow."""
    shapes = opened.execute_script("return document.getElementById('r0f0-frontier').layout.shapes")
    assert [shape["x0"] for shape in shapes if shape["type"] == "line"] == [4.0]
    assert "p95 within 4.00 ms" in opened.find_element(By.ID, "r0f0-frontier").get_property("textContent")
    (trace,) = [
        one
        for one in opened.execute_script("return document.getElementById('r0f0-frontier').data")
        if one.get("meta") == 0
    ]
    beyond = [colour for x, colour in zip(trace["x"], trace["marker"]["color"], strict=True) if x > 4]
    assert beyond
    assert set(beyond) == {"#ffffff"}


def test_the_verdicts_are_shown_for_the_place_that_is_chosen(opened: Chrome) -> None:
    """Best against best first; what the row is to the column stands in words."""

    def shown() -> list[str]:
        return [
            one.find_element(By.TAG_NAME, "caption").get_property("textContent")
            for one in matrices
            if one.is_displayed()
        ]

    matrices = opened.find_elements(By.CSS_SELECTOR, ".matrices .folded")
    assert ["best against best" in one for one in shown()] == [True]
    choice = Select(opened.find_element(By.CSS_SELECTOR, ".matrices .choose select"))
    choice.select_by_visible_text("batch 16")
    assert ["batch 16:" in one for one in shown()] == [True]
    (matrix,) = [one for one in matrices if one.is_displayed()]
    first = matrix.find_element(By.CSS_SELECTOR, "tbody tr")
    assert [cell.text.split()[-1] for cell in first.find_elements(By.CSS_SELECTOR, "td .tag")] == ["faster"] * 3


@pytest.mark.parametrize("width", [320, 400, 700])
def test_a_narrow_screen_needs_no_scrolling_sideways(opened: Chrome, page: str, width: int) -> None:
    """The page is as wide as the screen, and the charts are no wider than it."""
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    opened.get(page)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width
    widths = opened.execute_script("return [...document.querySelectorAll('.plot svg')].map(one => one.clientWidth)")
    assert 0 < max(widths) < width


def test_paper_is_white_and_shows_every_table(opened: Chrome) -> None:
    """Also where the page was dark; afterwards it is as it was."""
    opened.find_element(By.CSS_SELECTOR, "button.theme").click()
    closed = "return document.querySelectorAll('details.figures:not([open])').length"
    before = opened.execute_script(closed)
    assert before > 0
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    WebDriverWait(opened, SECONDS).until(lambda _: opened.execute_script(closed) == 0)
    line = "return document.getElementById('r0f0-latency').data.find(one => one.meta === 0).line.color"
    assert opened.execute_script(line) == CONTENDERS["light"][0]
    assert opened.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})
    WebDriverWait(opened, SECONDS).until(lambda _: opened.execute_script(closed) == before)
    assert opened.execute_script(line) == CONTENDERS["dark"][0]


def test_without_scripts_the_answer_and_the_tables_are_there(opened: Chrome, page: str, made: ReportDocument) -> None:
    """A sentence tells why there are no charts, and no control is shown that would do nothing."""
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    opened.get(page)
    assert opened.find_element(By.TAG_NAME, "h1").text == made.answers[0].headline
    assert "Charts need JavaScript" in opened.find_element(By.TAG_NAME, "main").text
    assert [one for one in opened.find_elements(By.CSS_SELECTOR, "button, select") if one.is_displayed()] == []
    assert len(rows(opened, "r0f0-throughput")) == 8


def test_the_report_document_can_be_downloaded(opened: Chrome, made: ReportDocument, tmp_path: Path) -> None:
    """The file is the document, as the JSON format has it."""
    opened.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    link = opened.find_element(By.CSS_SELECTOR, "a[download]")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", link)
    link.click()

    def arrived(_: Any) -> list[Path]:
        # The browser reserves the name with an empty file, and puts the whole one there at the end.
        return [path for path in tmp_path.glob("*.json") if path.stat().st_size]

    (path,) = WebDriverWait(opened, SECONDS).until(arrived)
    assert path.name == f"{made.run_id}-report.json"
    assert json.loads(path.read_bytes()) == json.loads(msgspec.json.encode(msgspec.structs.replace(made, timelines=())))


def test_several_runs_stand_on_one_page_and_share_one_legend(
    opened: Chrome, stories: Any, made: ReportDocument, tmp_path: Path
) -> None:
    """A contender that two runs have in common has one colour and one button."""
    from infer_compare.report import document

    path = tmp_path / "runs.html"
    path.write_text(HtmlReporter().render_many([made, document(stories.Story().run())]), encoding="utf-8")
    opened.get(path.as_uri())
    assert [entry for entry in opened.get_log("browser") if entry["level"] != "INFO"] == []
    assert len(opened.find_elements(By.CSS_SELECTOR, ".legend button")) == 4
    assert len(opened.find_elements(By.CSS_SELECTOR, ".runs a")) == 2
    opened.find_element(By.CSS_SELECTOR, "button[data-contender='0']").click()
    drawn = contenders_drawn(opened)
    assert (drawn["r0f0-latency"], drawn["r1f0-latency"]) == ({1, 2, 3}, {1})


def test_what_is_folded_outside_of_the_verdicts_can_be_opened(opened: Chrome) -> None:
    """Its heading is there, for the keyboard too."""
    folded = opened.find_elements(By.CSS_SELECTOR, ".folded")
    others = [
        block for block in folded if not block.find_elements(By.XPATH, "ancestor::*[contains(@class, 'matrices')]")
    ]
    assert others
    for block in others:
        heading = block.find_element(By.TAG_NAME, "summary")
        assert heading.is_displayed()
        heading.send_keys(Keys.ENTER)
        assert block.find_element(By.TAG_NAME, "table").is_displayed()
