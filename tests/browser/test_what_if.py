"""Another latency bound and another price, asked for on the page: what it says is what Python says."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

from infer_compare.report.answers import answers
from infer_compare.report.phrases import milliseconds, size_words
from infer_compare.report.price import money, parse_price, priced
from infer_compare.report.sentences.names import Names
from infer_compare.report.words import plain
from infer_compare.stats.wording import ratio, significant
from infer_compare.verdicts import summarise, with_latency_bound

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

    from infer_compare.report import ReportDocument
    from infer_compare.results import Run

pytestmark = pytest.mark.slow

SET = """
const field = document.querySelector(arguments[0]);
field.value = arguments[1];
field.dispatchEvent(new Event(field.matches("select") ? "change" : "input", { bubbles: true }));
"""
SHOWN = """
const rows = [...document.querySelectorAll(".under tbody tr")];
return [document.querySelector("h1").textContent, rows.map(row => [...row.cells].map(cell => cell.textContent))];
"""
FRONTIER = """
const chart = document.getElementById("r0f0-frontier");
return [chart.layout.shapes.filter(one => one.type === "line").map(one => one.x0), chart.layout.xaxis.title.text,
        chart.data.filter(one => one.meta !== undefined).map(one => one.marker.color)];
"""


def ask(browser: Chrome, field: str, value: str) -> None:
    """Type into one of the fields."""
    browser.execute_script(SET, field, value)


def said(run: Run, bound_ns: int, percentile: float) -> tuple[str, list[list[str]]]:
    """What Python says of a bound: the headline, and the rows of the table."""
    bounded = with_latency_bound(run, bound_ns, percentile)
    summary = summarise(bounded)
    (answer,) = answers(bounded, summary, Names(bounded, summary))
    rows = []
    for row in answer.under_bound:
        cells = ["none", "", "", "", ""]
        if row.best is not None:
            assert row.largest is not None
            behind = f"{ratio(row.behind)}x" if row.behind is not None and row.behind > 1 else ""
            throughput, latency = significant(row.best.throughput), milliseconds(row.best.latency_ns)
            cells = [size_words(row.best.point), throughput, latency, size_words(row.largest.point), behind]
        rows.append([plain(row.name), *cells])
    return answer.headline, rows


def test_the_page_says_of_200_bounds_what_python_says_of_each(
    opened: Chrome, made_run: Run, made: ReportDocument
) -> None:
    """Headline and table, at three percentiles; bounds at and just below the smallest that are kept are among them."""
    chance = random.Random(7)
    edges = [
        (one.percentile, point.bound_ns - less)
        for one in made.answers[0].answer.kept
        for point in one.points
        if point.bound_ns is not None
        for less in (0, 1)
    ]
    bounds = chance.sample(edges, min(80, len(edges)))
    while len(bounds) < 200:
        bounds.append((chance.choice([90.0, 95.0, 99.0]), round(10 ** chance.uniform(5, 8))))
    chosen = None
    # By percentile: the page is drawn anew for each field that changes.
    for percentile, bound_ns in sorted(bounds):
        if (percentile, bound_ns) == (made.plan.percentile, made.plan.latency_bound_ns):
            continue
        if percentile != chosen:
            ask(opened, ".percentile", f"{percentile:g}")
            chosen = percentile
        ask(opened, ".bound-ms", str(bound_ns / 1e6))
        headline, rows = said(made_run, bound_ns, percentile)
        shown_headline, shown_rows = opened.execute_script(SHOWN)
        assert shown_headline == headline, (percentile, bound_ns)
        assert sorted(shown_rows) == sorted(rows), (percentile, bound_ns)
        assert [row[0] for row in shown_rows if row[1] != "none"] == [row[0] for row in rows if row[1] != "none"]


def test_the_frontier_follows_the_bound(opened: Chrome) -> None:
    """The line moves, the axis has the percentile, and points that do not keep it turn hollow."""
    _, _, before = opened.execute_script(FRONTIER)
    ask(opened, ".percentile", "90")
    ask(opened, ".bound-ms", "1.5")
    WebDriverWait(opened, 10).until(lambda browser: browser.execute_script(FRONTIER)[0] == [1.5])
    _, title, after = opened.execute_script(FRONTIER)
    assert title == "p90 latency, ms"
    assert after != before


def test_a_price_gives_every_contender_a_cost(opened: Chrome, made: ReportDocument) -> None:
    """That of the report with the price, under the bound; twice the price costs twice as much."""
    costs = priced(made, parse_price("1.20/h")).costs
    assert costs is not None
    wanted = {plain(one.name): money(one.per_million, "") for one in costs.by_contender if one.bound}
    ask(opened, ".price", "1.2")
    _, rows = opened.execute_script(SHOWN)
    assert {row[0]: row[-1] for row in rows if row[1] != "none"} == wanted
    ask(opened, ".price", "2.4")
    _, doubled = opened.execute_script(SHOWN)
    assert float(doubled[0][-1]) == pytest.approx(2 * float(rows[0][-1]), rel=0.01)


def test_the_slider_moves_the_bound_and_a_button_goes_back_to_the_report(opened: Chrome) -> None:
    """At its right end there is no bound."""
    first = opened.execute_script(SHOWN)
    button = opened.find_element(By.CSS_SELECTOR, ".back")
    assert not button.is_displayed()
    ask(opened, ".bound", "1")
    assert opened.execute_script(SHOWN)[0].startswith("None was shown to keep p95 within ")
    ask(opened, ".bound", "1000")
    assert "within" not in opened.execute_script(SHOWN)[0]
    assert Select(opened.find_element(By.CSS_SELECTOR, ".percentile")).first_selected_option.text == "p95"
    button.click()
    assert opened.execute_script(SHOWN) == first


def test_without_scripts_nothing_can_be_asked(opened: Chrome, page: str) -> None:
    """The answer stands there all the same."""
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    opened.get(page)
    assert not opened.find_element(By.CSS_SELECTOR, ".what-if").is_displayed()
    assert opened.find_element(By.CSS_SELECTOR, "h1").is_displayed()
