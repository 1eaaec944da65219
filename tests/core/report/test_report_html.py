"""The HTML report as a file: what it says, what it holds, and what it lets in. A browser opens it in `tests/browser`."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import math
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from infer_compare.report import ReportDocument, document
from infer_compare.report.charts.palette import CONTENDERS, PAPER, SYMBOLS
from infer_compare.report.html import HtmlReporter
from infer_compare.report.html.page import island
from infer_compare.report.phrases import (
    answer_sentences,
    boundary_sentences,
    excluded_sentences,
    failure_sentence,
    note_sentences,
    shape_sentences,
)
from infer_compare.report.price import cost_note, parse_price, priced
from infer_compare.report.sentences.exclusions import excluded_sentence
from infer_compare.results import Closing, Died, OutOfMemory
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from conftest import Story

HOSTILE = "\"><script>alert('1')</script> & </style> {{ 7*7 }} \u202eesrever"
VOID = frozenset({"meta", "br", "img", "input", "link", "hr"})
SEEN = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""What is seen of linear red, green and blue without one kind of cone: Machado, Oliveira and Fernandes 2009."""


class Page(HTMLParser):
    """The page as its parser sees it: text, tables, scripts, attributes; it fails where tags do not match."""

    def __init__(self, html: str) -> None:
        """Parses it."""
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.scripts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.policy = ""
        self.download = ""
        self.data = ""
        self._kind: str | None = None
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens an element."""
        values = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in values.items()]
        if tag == "script":
            self._kind = values.get("type", "")
            self.scripts.append("")
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if "download" in values:
            self.download = values["href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens and closes an element of a picture."""
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Closes the innermost element."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, or the inside of a script."""
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
            if self._kind == "application/json":
                self.data += data
        elif not self.open or self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        """All text on one line."""
        return " ".join("".join(self.text).split())


def rendered(made: ReportDocument) -> Page:
    """The page of a document."""
    return Page(HtmlReporter().render(made))


STORIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "bound": {"plan": {"latency_bound_ns": 2_000_000}},
    "bound that none keeps": {"plan": {"latency_bound_ns": 1_000}},
    "end to end": {"plan": {"scope": "end_to_end"}},
    "one differs": {"differs": ["torch"], "imported": ["torch"]},
    "all disturbed": {"refused": (1, 2, 3, 4)},
    "memory and death": {
        "outcomes": {
            ("torch", 8): OutOfMemory(reason="cap", evidence="cap", phase="explore"),
            ("onnx", 8): Died(exit_code=-11, signal="SIGSEGV", phase="explore", stderr_tail="<b>bad</b>\n"),
        }
    },
    "interrupted": {"closing": None},
    "stopped": {"closing": Closing(state="stopped", reason="the budget was spent", elapsed_s=3.0)},
    "one contender": {"curves": {"onnx": {1: 0.5, 2: 0.7, 4: 1.1}}},
    "one size": {"curves": {"onnx": {4: 0.5}, "torch": {4: 0.7}}},
}


@pytest.mark.parametrize("name", STORIES)
def test_every_sentence_of_the_report_stands_on_the_page(story: type[Story], name: str) -> None:
    """The same sentences as in the other formats, whatever happened in the run."""
    made = document(story(**STORIES[name]).run())
    words = rendered(made).words
    expected = [
        *(one.headline for one in made.answers),
        *(sentence for one in made.answers for sentence in answer_sentences(one)),
        *excluded_sentences(made),
        *made.shortcomings,
        *shape_sentences(made),
        *boundary_sentences(made),
        *map(failure_sentence, made.failures),
        *note_sentences(made),
        made.run_id,
    ]
    assert [sentence for sentence in expected if sentence not in words] == []


@pytest.mark.parametrize("name", STORIES)
def test_every_figure_stands_in_a_table(story: type[Story], name: str) -> None:
    """No chart is the only place of a number."""
    made = document(story(**STORIES[name]).run())
    words = rendered(made).words
    figures = [point.figures for curve in made.curves for point in curve.points if point.figures is not None]
    assert [one.throughput for one in figures if significant(one.throughput) not in words] == []


def test_an_estimate_is_marked_and_nothing_is_called_the_best(story: type[Story]) -> None:
    """A verdict is what earns the mark of the best."""
    shown = HtmlReporter().render(document(story().run()))
    alike = {"onnx": {1: 0.5, 2: 0.7}, "torch": {1: 0.5, 2: 0.7}}
    doubtful = document(story(curves=alike, restarts=1, rounds=1).run())
    assert doubtful.answers[0].estimate
    unsettled = HtmlReporter().render(doubtful)
    for html, badge, best in ((shown, False, True), (unsettled, True, False)):
        body = html.partition("<body>")[2]
        assert ('<p class="badge">Not settled' in body, 'class="left verdict best"' in body) == (badge, best)


def test_a_contender_that_is_not_ranked_is_grey_and_says_why(story: type[Story]) -> None:
    """It keeps its place among the contenders."""
    made = document(story(differs=["torch"]).run())
    html = HtmlReporter().render(made)
    assert '<tr class="excluded">' in html
    chart_data = json.loads(Page(html).data)
    assert [one["excluded"] for one in chart_data["contenders"]] == [False, True]
    assert excluded_sentence(made.excluded[0]) in Page(html).words


@pytest.mark.parametrize("name", STORIES)
def test_the_page_needs_nothing_else(story: type[Story], name: str) -> None:
    """No address is loaded; links lead to the page itself or hold what they lead to."""
    page = rendered(document(story(**STORIES[name]).run()))
    links = [value for _, attribute, value in page.attributes if attribute in {"src", "href", "action", "data"}]
    assert [one for one in links if not one.startswith(("#", "data:application/gzip;base64,"))] == []
    assert [attribute for _, attribute, _ in page.attributes if attribute.startswith("on")] == []


def test_the_policy_names_exactly_the_scripts_of_the_page(story: type[Story]) -> None:
    """By their hashes; evaluation is not allowed."""
    page = rendered(document(story().run()))
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert rules["default-src"] == "'none'"
    allowed = set(rules["script-src"].split())
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in page.scripts]
    assert len(page.scripts) == 3
    assert allowed == set(hashes[1:])


def test_hostile_names_are_text(story: type[Story]) -> None:
    """In elements, in attributes and in the data of the charts; nothing reverses the direction of writing."""
    made = document(
        story(model=HOSTILE, curves={HOSTILE: {1: 0.5, 2: 0.7}, "torch": {1: 0.6, 2: 0.8}}, imported=[HOSTILE]).run()
    )
    html = HtmlReporter().render(made)
    page = Page(html)
    assert len(page.scripts) == 3
    assert "alert('1')</script> & </style> {{ 7*7 }}" in page.words
    assert "\u202e" not in html
    assert "<script>alert" not in html
    assert "</style> {{" not in html
    assert "\u202e" not in json.loads(page.data)["contenders"][0]["name"]


def test_data_in_a_script_element_cannot_end_it() -> None:
    """Nor open a comment, which would hide the end."""
    value = {"</script><!--": ["<script>", "&amp;", "\u2028"]}
    text = island(value)
    assert not re.search(r"[<>&\u2028]", text)
    assert json.loads(text) == value


def test_the_document_in_the_page_is_the_report_document(story: type[Story]) -> None:
    """It can be read back as one, and holds no raw stamps."""
    made = document(story().run())
    payload = gzip.decompress(base64.b64decode(rendered(made).download.partition(",")[2]))
    assert msgspec.json.decode(payload, type=ReportDocument) == msgspec.structs.replace(made, timelines=())
    assert b"durations_ns" not in payload


def test_costs_are_told_where_a_price_was_given(story: type[Story]) -> None:
    """With what they rest on."""
    made = priced(document(story().run()), parse_price("$1.20/h"))
    words = rendered(made).words
    assert "Cost of a million samples at $1.20 an hour" in words
    assert cost_note(made) in words


def test_several_runs_share_colours_and_begin_with_the_best_of_each(story: type[Story]) -> None:
    """Places on the page are unique."""
    first, second = document(story().run()), document(story(curves={"torch": {1: 1.0}, "new": {1: 2.0}}).run())
    page = Page(HtmlReporter().render_many([first, second]))
    assert "The best of each run" in page.words
    assert [one["name"] for one in json.loads(page.data)["contenders"]] == ["onnx", "torch", "new"]
    identifiers = [value for _, attribute, value in page.attributes if attribute == "id"]
    assert len(identifiers) == len(set(identifiers))
    with pytest.raises(ValueError, match="at least one run"):
        HtmlReporter().render_many([])


def test_six_contenders_at_twelve_sizes_stay_under_two_megabytes(story: type[Story]) -> None:
    """With every verdict and the document inside."""
    curves = {f"contender {n}": {2**power: 0.4 + 0.1 * n + 0.05 * 2**power for power in range(12)} for n in range(6)}
    made = document(story(curves=curves, rounds=1).run())
    assert len(made.pairs) == 12 * 15
    assert len(HtmlReporter().render(made).encode()) < 1_600_000


def test_the_vendored_script_is_the_file_of_its_package() -> None:
    """The note beside it tells which; its licence is there too."""
    vendor = files("infer_compare.report.html").joinpath("vendor")
    content = vendor.joinpath("plotly-basic.min.js").read_bytes()
    note = vendor.joinpath("VERSION").read_text(encoding="utf-8")
    assert hashlib.sha256(content).hexdigest() in note
    version = re.search(r"dist-min (\d+\.\d+\.\d+)", note)
    assert version is not None
    assert f"v{version[1]}".encode() in content[:200]
    assert vendor.joinpath("LICENSE.plotly").read_text(encoding="utf-8").startswith("MIT License")
    assert b"</script" not in content.lower()
    assert b"<!--" not in content


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("seen", SEEN)
def test_colours_stay_apart_for_every_kind_of_eye(theme: Any, seen: str) -> None:
    """The perceived difference of any two is well above what is just seen (0.02 in OKLab), on paper of contrast 3."""
    colours = [_linear(one) for one in CONTENDERS[theme]]
    perceived = [_oklab([sum(map(math.prod, zip(row, one, strict=True))) for row in SEEN[seen]]) for one in colours]
    assert min(math.dist(a, b) for a, b in itertools.combinations(perceived, 2)) > 0.11
    paper = _luminance(_linear(PAPER[theme]))
    for one in map(_luminance, colours):
        assert (max(one, paper) + 0.05) / (min(one, paper) + 0.05) >= 3


def test_colour_and_marker_together_come_back_late() -> None:
    """Their numbers have no common factor."""
    assert math.gcd(len(CONTENDERS["light"]), len(SYMBOLS)) == 1
    assert len(CONTENDERS["dark"]) == len(CONTENDERS["light"])


def _linear(colour: str) -> list[float]:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares]


def _luminance(rgb: list[float]) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def _oklab(rgb: list[float]) -> tuple[float, float, float]:
    red, green, blue = (min(1.0, max(0.0, one)) for one in rgb)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )
