"""`infer-compare compare` as a person, a pull request and a script call it."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import msgspec
import pytest
from markdown_it import MarkdownIt

from infer_compare import api
from infer_compare.report.comparison import COMPARISON_VERSION, FORMATS, ComparisonDocument, render
from infer_compare.report.comparison.tables import point_cells
from infer_compare.results import OutOfMemory
from infer_compare.store import FILE

HOSTILE = "<script>alert(1)</script> & `tick` | *bold* \x1b[31m"


@pytest.fixture
def pair(recorded, slow, tmp_path):
    """A base, a run of the same, and one in which ONNX Runtime takes a quarter longer."""
    return (
        recorded(seed=1).store(tmp_path / "base"),
        recorded(seed=2).store(tmp_path / "same"),
        recorded(seed=3, curves=slow(0.25)).store(tmp_path / "slowed"),
    )


def _refused(result, *words):
    assert result.code == 2, result
    assert result.out == ""
    message = result.err.strip().splitlines()[-1]
    assert message.startswith("Error: ")
    for word in words:
        assert word in message


def test_two_runs_of_the_same_thing_are_no_regression(cli, pair):
    """Exit code 0, and the guard says how far it can be relied on."""
    base, same, _ = pair
    result = cli("compare", base, same, "--fail-on-regression", "5%")
    assert result.code == 0
    assert "The same within 3 %: onnx and torch." in result.out
    assert "No contender lost more than 5 %." in result.out
    assert "CONDITIONS THAT DIFFER" not in result.out


def test_a_slowed_contender_is_a_regression_and_exits_with_1(cli, pair):
    """Only where it was asked for."""
    base, _, slowed = pair
    result = cli("compare", base, slowed, "--fail-on-regression", "5%")
    assert result.code == 1
    assert "Slower than the base: onnx; the same within 3 %: torch." in result.out
    assert "A loss of more than 5 % is proven for 1 contender." in result.out
    assert cli("compare", base, slowed).code == 0


def test_a_loss_within_the_limit_exits_with_0(cli, pair):
    """The limit is the user's."""
    base, _, slowed = pair
    assert cli("compare", base, slowed, "--fail-on-regression", "40%").code == 0


def test_a_wider_margin_calls_the_same_what_a_narrow_one_calls_slower(cli, recorded, slow, tmp_path):
    """By the option."""
    base = recorded(seed=1).store(tmp_path / "base")
    new = recorded(seed=2, curves=slow(0.08)).store(tmp_path / "new")
    assert "Slower than the base: onnx" in cli("compare", base, new).out
    assert "The same within 20 %: onnx and torch." in cli("compare", base, new, "--margin", "20%").out


def test_conditions_that_withhold_verdicts_come_first_and_make_no_regression(cli, recorded, slow, tmp_path):
    """Until verdicts are asked for across them; a guard that tests nothing because of them is not green."""
    base = recorded(seed=1).store(tmp_path / "base")
    new = recorded(seed=2, curves=slow(0.5), plan={"threads": 2}).store(tmp_path / "new")
    assert cli("compare", base, new).out.startswith("CONDITIONS THAT DIFFER\n")
    result = cli("compare", base, new, "--fail-on-regression", "5%")
    assert result.code == 4
    assert result.out.index("CONDITIONS THAT DIFFER\n") < result.out.index("NEW AGAINST BASE")
    assert "--across-conditions" in result.out
    assert "No verdict: the conditions of the two runs differ." in result.out
    assert "could not be tested: the conditions differ (threads)" in result.out
    across = cli("compare", base, new, "--fail-on-regression", "5%", "--across-conditions")
    assert across.code == 1
    assert across.out.index("NEW AGAINST BASE") < across.out.index("CONDITIONS THAT DIFFER\n")


ELSEWHERE = {"cpu": "Another Processor"}
NOTHING = "Nothing could be tested for a regression: the conditions differ (processor)."
LEADER = "The best contender of the base could not be tested for a regression: "


@pytest.fixture
def elsewhere(recorded, slow, tmp_path):
    """A base, and a run three times slower on another processor."""
    new = recorded(seed=2, curves=slow(2.0), environment=ELSEWHERE)
    return recorded(seed=1).store(tmp_path / "base"), new.store(tmp_path / "elsewhere")


def test_a_guard_that_could_test_nothing_says_so_first_and_exits_with_4(cli, elsewhere):
    """Without a guard the same comparison is complete."""
    result = cli("compare", *elsewhere, "--fail-on-regression", "5%")
    assert result.code == 4
    assert result.out.startswith("NOT TESTED\n")
    assert NOTHING in " ".join(result.out.split())
    assert result.err == ""
    plain = cli("compare", *elsewhere)
    assert plain.code == 0
    assert "could be tested" not in plain.out


@pytest.mark.parametrize("name", FORMATS.all)
def test_every_format_says_that_nothing_was_tested_before_anything_else(cli, elsewhere, tmp_path, name):
    """And so does a sentence on standard error where the comparison goes to a file."""
    result = cli("compare", *elsewhere, "--fail-on-regression", "5%", "--format", name, "-o", tmp_path / "comparison")
    assert (result.code, result.out) == (4, "")
    assert NOTHING in result.err
    text = " ".join((tmp_path / "comparison").read_text(encoding="utf-8").replace("\\", "").split())
    later = {"json": '"headline"', "html": "Conditions that differ", "text": "CONDITIONS THAT DIFFER"}
    assert 0 <= text.index(NOTHING) < text.index(later.get(name, "Conditions that differ"))


def test_json_on_standard_output_leaves_the_sentence_on_standard_error(cli, elsewhere):
    """Standard output is one document."""
    result = cli("compare", *elsewhere, "--fail-on-regression", "5%", "--json")
    assert result.code == 4
    assert json.loads(result.out)["untested"] == NOTHING
    assert json.loads(result.out)["regression"] is False
    assert result.err == f"{NOTHING}\n"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"curves": {"torch": {1: 0.7, 4: 2.3, 8: 4.4}}}, "onnx is not in the new run"),
        ({"differs": ("onnx",)}, "onnx: in the new run"),
        ({"rejected": ("onnx",)}, "onnx: in the new run every slice was"),
        ({"versions": {"onnx": "2.0"}}, "onnx at batch 4: the conditions differ (version)"),
        ({"outcomes": {("onnx", 4): OutOfMemory(reason="x", evidence="cap", phase="explore")}},
         "onnx at batch 4: in the new run it ran out of memory"),
    ],
)  # fmt: skip
def test_a_guard_that_could_not_test_the_best_contender_of_the_base_exits_with_4(
    cli, recorded, tmp_path, changes, reason
):
    """Though others were tested: what was best before is what its users run."""
    base = recorded(seed=1).store(tmp_path / "base")
    new = recorded(seed=2, **changes).store(tmp_path / "new")
    result = cli("compare", base, new, "--fail-on-regression", "5%")
    assert result.code == 4
    text = " ".join(result.out.split())
    assert text.startswith(f"NOT TESTED {LEADER}{reason}")
    assert cli("compare", base, new).code == 0


def test_a_guard_that_could_not_test_another_contender_exits_with_0_and_lists_it(cli, recorded, tmp_path):
    """The best one was tested, and kept its throughput."""
    base = recorded(seed=1).store(tmp_path / "base")
    new = recorded(seed=2, versions={"torch": "2.0"}).store(tmp_path / "new")
    result = cli("compare", base, new, "--fail-on-regression", "5%")
    assert result.code == 0
    assert "NOT TESTED" not in result.out
    assert "could not be tested: the conditions differ (version)" in " ".join(result.out.split())


def test_a_size_that_the_new_run_never_tried_is_guarded_at_another(cli, recorded, tmp_path):
    """Runs that choose their sizes themselves need not choose the same."""
    base = recorded(seed=1).store(tmp_path / "base")
    new = recorded(seed=2, curves={"onnx": {1: 0.2, 8: 1.5}, "torch": {1: 0.7}}).store(tmp_path / "new")
    assert cli("compare", base, new, "--fail-on-regression", "5%").code == 0


def test_a_proven_regression_wins_over_what_could_not_be_tested(cli, recorded, slow, tmp_path):
    """Exit code 1, and the text says both."""
    base = recorded(seed=1).store(tmp_path / "base")
    new = recorded(seed=2, curves=slow(0.5, "torch"), versions={"onnx": "2.0"}).store(tmp_path / "new")
    result = cli("compare", base, new, "--fail-on-regression", "5%")
    assert result.code == 1
    assert result.out.startswith("NOT TESTED\n")
    assert "is proven for 1 contender" in result.out


def test_text_fits_80_columns_without_colour(cli, recorded, tmp_path):
    """Also with a long label and long conditions."""
    label = "onnx:graph_optimization=disable,execution_mode=parallel"
    curves = {label: {1: 0.2, 1024: 150.0}, "torch": {1: 0.7}}
    base = recorded(seed=1, curves=curves).store(tmp_path / "base")
    new = recorded(
        seed=2,
        curves=curves,
        environment={"cpu": "An Imaginary Processor With A Very Long Name @ 3.10GHz", "kernel": "7"},
    ).store(tmp_path / "new")
    text = cli("compare", base, new).out
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_json_is_one_document_that_reads_back_equal(cli, pair):
    """With either spelling, and nothing else is on standard output."""
    base, _, slowed = pair
    result = cli("compare", base, slowed, "--json", "--fail-on-regression", "5%")
    assert result.code == 1
    made = api.compare(api.load_run(base), api.load_run(slowed), loss=0.05)
    assert msgspec.json.decode(result.out, type=ComparisonDocument) == made
    assert cli("compare", base, slowed, "--format", "json", "--fail-on-regression", "5%").out == result.out
    found = json.loads(result.out)
    assert (found["schema"], found["version"]) == ("infer-compare/comparison", list(COMPARISON_VERSION))
    assert found["regression"] is True
    assert [one["verdict"] for one in found["comparison"]["bests"]] == ["slower", "same"]
    assert found["comparison"]["bests"][0]["ratio"]["high"] < 0.95


class Page(HTMLParser):
    """Tags that were opened, what they load, and the rows of tables."""

    def __init__(self):
        """Begins empty."""
        super().__init__()
        self.tags, self.loads, self.rows, self.text = [], [], [], ""
        self._in_cell = False

    def handle_starttag(self, tag, attrs):
        """Opens a row or a cell."""
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in {"src", "href"}]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        """Closes a cell."""
        self._in_cell = self._in_cell and tag not in {"td", "th"}

    def handle_data(self, data):
        """Text, inside a cell or not."""
        self.text += data
        if self._in_cell:
            self.rows[-1][-1] += data


def _page(html):
    page = Page()
    page.feed(html)
    return page


def test_html_is_one_page_that_loads_nothing(cli, pair):
    """No link, and no script but that of the page; every table has as many cells in each row; light and dark."""
    base, _, slowed = pair
    html = cli("compare", base, slowed, "--format", "html", "--fail-on-regression", "5%").out
    page = _page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert page.tags.count("script") == 3
    assert not {"link", "img", "iframe"} & set(page.tags)
    assert page.loads == ["#r0"]
    assert "url(" not in html.partition("</style>")[0]
    assert "prefers-color-scheme: dark" in html
    shown = {tuple(row) for row in page.rows}
    made = api.compare(api.load_run(base), api.load_run(slowed))
    assert {(one.name, *point_cells(one)) for one in made.comparison.points} <= shown
    assert "A loss of more than 5 % is proven" in page.text


def test_markdown_is_read_as_whole_tables(cli, pair):
    """By a parser of Markdown."""
    base, _, slowed = pair
    text = cli("compare", base, slowed, "--format", "markdown").out
    page = _page(MarkdownIt("commonmark").enable("table").render(text))
    assert ["onnx", "8"] in [row[:2] for row in page.rows]
    assert {len(row) for row in page.rows if row[:1] in (["onnx"], ["torch"], ["contender"])} == {4, 7}
    assert "**slower**" in text


@pytest.mark.parametrize("name", FORMATS.all)
def test_names_of_others_steer_nothing(recorded, name):
    """Labels, versions and models come from files."""
    curves = {HOSTILE: {1: 1.0, 2: 1.5}, "torch": {1: 1.0}}
    oom = OutOfMemory(reason=HOSTILE, evidence="cap", phase="explore")
    made = api.compare(
        recorded(seed=1, curves=curves, name=HOSTILE, versions={HOSTILE: HOSTILE}).run(),
        recorded(seed=2, curves=curves, name=HOSTILE, outcomes={(HOSTILE, 2): oom}, effective={HOSTILE: HOSTILE}).run(),
    )
    text = render(name, made)
    assert "\x1b" not in text
    if name == "markdown":
        text = MarkdownIt("commonmark").enable("table").render(text)
    if name in {"markdown", "html"}:
        page = _page(text)
        assert page.tags.count("script") == (3 if name == "html" else 0)
        assert "alert(1)" in page.text


def test_a_file_is_written_once_and_never_over_another(cli, pair, tmp_path):
    """The exit code is that of the comparison."""
    base, _, slowed = pair
    target = tmp_path / "comparison.md"
    arguments = ("compare", base, slowed, "--format", "markdown", "-o", target, "--fail-on-regression", "5%")
    result = cli(*arguments)
    assert (result.code, result.out) == (1, "")
    assert str(target) in result.err
    before = target.read_text(encoding="utf-8")
    assert before.startswith("## cnn")
    _refused(cli(*arguments), "comparison.md exists already")
    assert target.read_text(encoding="utf-8") == before


def test_text_goes_into_a_file_as_it_goes_to_standard_output(cli, pair, tmp_path):
    """80 columns."""
    base, same, _ = pair
    shown = cli("compare", base, same).out
    cli("compare", base, same, "-o", tmp_path / "text")
    assert (tmp_path / "text").read_text(encoding="utf-8") == shown


@pytest.mark.parametrize("place", ["/proc/nowhere/x.md", "base", "missing/x.md"])
def test_an_output_that_cannot_be_written_is_refused(cli, pair, place):
    """A folder that is not there or not writable, and a folder in its place."""
    _refused(cli("compare", pair[0], pair[1], "-o", place), place)


def test_an_unknown_format_is_answered_with_the_nearest_and_all(cli):
    """Before any run is read."""
    _refused(
        cli("compare", "no", "where", "--format", "markdwn"), "Did you mean 'markdown'", "text, markdown, html, json"
    )


def test_two_formats_at_once_are_refused(cli, pair):
    """`--json` is one of them."""
    _refused(cli("compare", *pair[:2], "--json", "--format", "html"), "--json and --format html")


@pytest.mark.parametrize("option", ["--margin", "--fail-on-regression"])
@pytest.mark.parametrize(
    ("value", "words"),
    [("5", "not a percentage"), ("0.05", "not a percentage"), ("much", "not a percentage"), ("-5%", "not a percentage"),
     ("0%", "between 0 % and 100 %"), ("100%", "between 0 % and 100 %"), ("", "not a percentage")],
)  # fmt: skip
def test_a_share_that_is_none_is_refused(cli, pair, option, value, words):
    """The sign is never guessed."""
    result = cli("compare", *pair[:2], f"{option}={value}")
    assert result.code == 2
    assert words in result.err


def test_half_a_percent_is_a_share(cli, pair):
    """With or without a blank before the sign."""
    assert cli("compare", *pair[:2], "--margin", "0.5 %").code == 0


def _damage(folder, how):
    file = folder / FILE
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    header = json.loads(lines[0])
    if how == "empty":
        lines = []
    elif how == "newer":
        lines[0] = json.dumps({**header, "version": [99, 0]}) + "\n"
    elif how == "other":
        lines[0] = json.dumps({**header, "schema": "another-tool/run"}) + "\n"
    elif how == "text":
        lines = ["this is no run\n"]
    elif how == "damaged":
        lines[3] = "{\n"
    elif how == "header only":
        lines = lines[:1]
    file.write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("empty", "is empty"),
        ("newer", "newer infer-compare"),
        ("other", "not a run of infer-compare"),
        ("text", "not a run of infer-compare"),
        ("header only", "nothing was measured in both runs"),
    ],
)
def test_a_run_that_cannot_be_read_is_one_sentence(cli, pair, side, how, words):
    """Whichever of the two it is."""
    _damage(pair[side], how)
    _refused(cli("compare", *pair[:2]), words)


@pytest.mark.parametrize("side", [0, 1])
def test_a_run_with_a_damaged_line_is_compared_without_it_and_the_line_is_named(cli, pair, side):
    """Whichever of the two it is."""
    _damage(pair[side], "damaged")
    result = cli("compare", *pair[:2])
    assert result.code == 0
    assert "line 4" in result.err
    assert "left out" in result.err


def test_a_folder_without_a_run_and_no_folder_at_all_are_one_sentence(cli, pair, tmp_path):
    """By the path that was typed."""
    (tmp_path / "hollow").mkdir()
    _refused(cli("compare", pair[0], "hollow"), "hollow", FILE)
    _refused(cli("compare", "nowhere", pair[0]), "nowhere", "infer-compare runs")


def test_a_torn_run_is_compared_as_far_as_it_is_whole(cli, pair):
    """The last line is cut in the middle, as a crash does it."""
    file = pair[1] / FILE
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 9 // 10])
    result = cli("compare", *pair[:2])
    assert result.code == 0
    assert "the new run was interrupted" in " ".join(result.out.split())


@pytest.mark.parametrize(("file", "begins"), [("c.html", "<!doctype html>"), ("c.json", "{"), ("c.md", "#")])
def test_the_ending_of_a_file_chooses_the_format_of_a_comparison(cli, pair, tmp_path, file, begins):
    """Without `--format`; one that contradicts it is refused."""
    base, same, _ = pair
    assert cli("compare", base, same, "-o", tmp_path / file).code == 0
    assert (tmp_path / file).read_text(encoding="utf-8").lower().startswith(begins)
    _refused(
        cli("compare", base, same, "--format", "text", "-o", tmp_path / f"other{file}"), "contradict each other", ".txt"
    )


def test_a_dash_is_standard_output_for_a_comparison(cli, pair):
    """As for a report."""
    base, same, _ = pair
    assert cli("compare", base, same, "-o", "-").out == cli("compare", base, same).out
