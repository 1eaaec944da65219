"""The Markdown report, as a parser of Markdown reads it: whole tables, and names that are nothing but text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt

from infer_compare.report import document
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.markup import code, code_cell, escape, fenced, listed, table
from infer_compare.results import Closing, Died, Failed, OutOfMemory, Run, Skipped
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from conftest import Story
    from infer_compare.report import ReportDocument

HOSTILE = (
    "a | b",
    "`tick` ``two``",
    "*bold* _it_ **b** __u__ ~~s~~",
    "<script>alert(1)</script>",
    "[text](http://example.org) ![i](x)",
    "&lt;b&gt; &#124;",
    "back\\slash \\| \\`",
    "@somebody #12 www.example.org",
    "two\nlines\r\n\n| x |",
    "\x1b[31mred \u202eesrever",
)
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OUR_TAGS = frozenset(
    "h2 h3 p strong ul li table thead tbody tr th td code pre details summary".split()  # noqa: SIM905
)


class Page(HTMLParser):
    """The tags of a page, its tables as rows of cells, and its text."""

    def __init__(self) -> None:
        """Begins empty."""
        super().__init__()
        self.tags: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens a table, a row or a cell."""
        self.tags.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        """Closes a cell."""
        self._in_cell = self._in_cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        """Text, inside a cell or not."""
        self.text += data
        if self._in_cell:
            self.tables[-1][-1][-1] += data


def parsed(markdown: str) -> Page:
    """The page that a parser makes of it."""
    page = Page()
    page.feed(PARSER.render(markdown))
    return page


def report(made: ReportDocument) -> str:
    """The document in Markdown."""
    return MarkdownReporter().render(made)


def seen(text: str) -> str:
    """What a reader sees of a text that was made harmless."""
    return text.replace("\N{ZERO WIDTH SPACE}", "").rstrip("\n")


def plainly(text: str) -> str:
    """A hostile text on one line, its control characters written as escapes."""
    return " ".join(text.split()).replace("\x1b", r"\x1b").replace("\u202e", r"\u202e")


def test_the_answer_comes_first_and_the_conditions_are_folded_away(story: type[Story]) -> None:
    """A reviewer sees what to use without scrolling."""
    lines = report(document(story().run())).splitlines()
    assert lines[0] == "## cnn: which framework, at which batch size"
    assert lines[2] == "**Use onnx at batch 8.**"
    titles = [line for line in lines if line.startswith(("#", "<summary>"))]
    assert titles[1:] == [
        "### Throughput and latency",
        "### Shape of the curves",
        "### Arithmetic",
        "### Memory boundary",
        "### Agreement of outputs",
        "### Notes",
        "### How this was measured",
        "<summary>Conditions</summary>",
    ]
    assert lines[-1] == "</details>"


def test_tables_hold_the_figures_of_the_run(story: type[Story]) -> None:
    """For the answer, throughput, latency, agreement and new batch sizes; the fastest are bold."""
    made = document(story().run())
    markdown = report(made)
    best, throughput, latency, agreement, _ = parsed(markdown).tables
    assert best[0] == ["contender", "batch", "samples/s", "± %", "p50 ms", "p95 ms", "against the best"]
    assert [row[-1] for row in best[1:]] == ["the best", "1.89x slower"]
    assert throughput[0] == latency[0] == ["batch", "onnx", "torch"]
    for place, curve in enumerate(made.curves, 1):
        for row, point in zip(throughput[1:], curve.points, strict=True):
            assert point.figures is not None
            assert row[0] == str(point.point.batch)
            assert row[place].startswith(significant(point.figures.throughput))
    assert "| 8 | **4,206** ±0.5 | 2,220 ±0.5 |" in markdown
    assert agreement[1][1] == "reference"
    assert agreement[2][1] == "agrees"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"plan": {"latency_bound_ns": 2_000_000}},
        {"refused": (1, 2, 3, 4)},
        {"closing": None, "restarts": 1},
        {"closing": Closing(state="stopped", reason="the disk | is full", elapsed_s=3)},
        {"outcomes": {("torch", 8): OutOfMemory(reason="a | b", evidence="raised", phase="explore")}},
        {"outcomes": {("onnx", 1): Died(exit_code=1, signal="", phase="explore", stderr_tail="| x |\n")}},
        {"unusable": {"torch": Skipped(reason="torch is not | installed")}},
        {"differs": ("torch",), "imported": ("torch",)},
    ],
)
def test_every_row_of_a_table_has_as_many_cells_as_its_header(story: type[Story], changes: dict[str, Any]) -> None:
    """Whatever happened in the run, no row is cut short and no line of a table is left over as text."""
    page = parsed(report(document(story(**changes).run())))
    assert page.tables
    assert all(len(row) == len(rows[0]) for rows in page.tables for row in rows)
    assert "---" not in page.text


def test_hostile_names_stay_text(story: type[Story]) -> None:
    """They bring no tags of their own, and break no table."""
    for name in HOSTILE:
        curves = {name: {1: 0.5, 2: 0.7}, "torch": {1: 1.5, 2: 1.8}}
        failed = Failed(error=name, reason=name, phase="explore")
        page = parsed(report(document(story(model=name, curves=curves, outcomes={("torch", 2): failed}).run())))
        assert set(page.tags) <= OUR_TAGS
        assert all(len(row) == len(rows[0]) for rows in page.tables for row in rows)
        assert page.tables[0][1][0] == plainly(name)


@pytest.mark.parametrize("text", HOSTILE)
def test_an_escaped_text_is_read_as_it_was(text: str) -> None:
    """In a line, in a list, in a code span and in a cell."""
    assert seen(parsed(f"x {escape(text)}").text) == f"x {plainly(text)}"
    assert seen(parsed(listed([text])).text).strip() == plainly(text)
    assert parsed(code(text)).text.rstrip("\n") == plainly(text)
    assert parsed(table(["h"], [[code_cell(text)]])).tables == [[["h"], [plainly(text)]]]
    assert [[seen(cell) for cell in row] for row in parsed(table(["h"], [[escape(text)]])).tables[0]] == [
        ["h"],
        [plainly(text)],
    ]


@pytest.mark.parametrize("text", ["- a", "+ a", "# a", "> a", "1. a", "12) a", "=== a", "--- "])
def test_a_sentence_that_begins_like_a_list_or_a_heading_stays_a_sentence(text: str) -> None:
    """Nothing is nested in the list."""
    page = parsed(listed([text]))
    assert page.tags == ["ul", "li"]
    assert page.text.strip() == text.strip()


@pytest.mark.parametrize("text", ["@somebody", "https://example.org", "#12", "www.example.org", "GH-12"])
def test_mentions_and_links_are_broken_by_an_invisible_space(text: str) -> None:
    """A report in a pull request calls nobody."""
    assert text not in escape(text)
    assert seen(escape(text)) == text


def test_an_empty_name_makes_an_empty_cell() -> None:
    """A pair of backticks around nothing would be shown."""
    assert code("") == code_cell(" \n") == ""


def test_the_command_is_fenced_by_more_backticks_than_it_holds() -> None:
    """It cannot close its own block."""
    page = parsed(fenced("run '```' x", "sh"))
    assert page.tags == ["pre", "code"]
    assert page.text.strip() == "run '```' x"


def test_a_latency_bound_has_a_table_of_its_own_before_the_best_without_it(story: type[Story]) -> None:
    """With a row for each contender, none left out."""
    curves = {"slow": {1: 5.0, 2: 6.0}, "torch": {1: 1.5, 2: 1.8}, "onnx": {1: 0.5, 2: 1.1}}
    bound, best, *_ = parsed(report(document(story(curves=curves, plan={"latency_bound_ns": 2_000_000}).run()))).tables
    assert bound == [
        ["p95 within 2.00 ms", "batch", "samples/s", "p95 ms", "largest", "behind (estimate)"],
        ["onnx", "1", "1,998", "0.504", "2", ""],
        ["torch", "2", "1,110", "1.81", "2", "1.80x"],
        ["slow", "none", "", "", "", ""],
    ]
    assert best[0][0] == "without the bound"


def test_an_end_to_end_run_has_a_table_of_the_parts_of_an_iteration(story: type[Story]) -> None:
    """In milliseconds, for each contender at its best size."""
    tables = parsed(report(document(story(plan={"scope": "end_to_end"}).run()))).tables
    assert [
        ["contender", "batch", "stage ms", "run ms", "fetch ms"],
        ["onnx", "8", "0.190", "1.61", "0.0950"],
        ["torch", "8", "0.360", "3.06", "0.180"],
    ] in tables


def test_rejections_and_failures_are_in_the_report(story: type[Story]) -> None:
    """With the cause, the busiest process and the last words of a worker that died."""
    died = Died(exit_code=-11, signal="SIGSEGV", phase="explore", stderr_tail="check failed\n")
    told = parsed(report(document(story(refused=(2,), outcomes={("torch", 8): died}).run()))).text
    assert "25 % of 112 slices rejected; busiest: make, pid 99, 93 % of a core" in told
    assert "28 slices, such as: other programs: make (pid 99) took 90 % of a core" in told
    assert 'torch at batch 8: it died of SIGSEGV; last line of stderr: "check failed"' in told


def test_a_header_alone_makes_a_report(story: type[Story]) -> None:
    """It says that nothing was measured, and has no table of latencies without one."""
    page = parsed(report(document(Run.fold([story().header()]))))
    assert "No answer: no contender was measured." in page.text
    assert "Latency of one call" not in page.text
