"""Several runs in one report, and the JSON for the GitHub action."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.errors import UsageError
from infer_compare.report import ReportCollection, document, render, render_many
from infer_compare.report.benchmark_action import BenchmarkActionReporter
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.text import TextReporter
from infer_compare.results import OutOfMemory

if TYPE_CHECKING:
    from conftest import Story
    from infer_compare.report import ReportDocument


@pytest.fixture(scope="module")
def two(story: type[Story]) -> list[ReportDocument]:
    """Two runs: another model on another machine, where another framework is the best."""
    other = story(
        model="mlp",
        curves={"onnx": {1: 1.5, 2: 1.8}, "torch": {1: 0.5, 2: 0.7}},
        environment={"cpu": "Other Processor", "usable_cores": 1},
    )
    return [document(story().run()), document(other.run())]


def test_text_of_several_runs_begins_with_the_best_of_each(two: list[ReportDocument]) -> None:
    """Then come the reports, each under its model and machine, whole."""
    text = TextReporter().render_many(two)
    first, second, third, *_ = text.splitlines()
    assert first == "RUNS  the best of each of 2 runs"
    assert "best" in second
    assert re.match(r"  1 +cnn +Test Processor, 4 cores +onnx +8 ", third)
    assert re.search(r"\n  2 +mlp +Other Processor, 1 core +torch +2 ", text)
    assert text.index("RUN 1  cnn on Test Processor, 4 cores") < text.index("RUN 2  mlp on Other Processor, 1 core")
    for one in two:
        answer, _, _ = TextReporter().render(one).partition("CONDITIONS")
        assert answer.strip() in text


def test_markdown_of_several_runs_has_a_table_and_a_part_for_each(two: list[ReportDocument]) -> None:
    """Each part is the report of that run."""
    text = MarkdownReporter().render_many(two)
    assert text.startswith("# The best of each run\n\n| run | model | machine | best | batch |")
    assert "| 2 | mlp | Other Processor, 1 core | `torch` | 2 |" in text
    for number, one in enumerate(two, 1):
        assert f"# Run {number}: {one.model.name} on {one.environment.cpu}" in text
        assert MarkdownReporter().render(one).strip() in text


def test_json_of_several_runs_is_a_wrapper_and_of_one_is_not(two: list[ReportDocument]) -> None:
    """With a schema of its own."""
    wrapped = render_many(JsonReporter(), two)
    decoded = msgspec.json.decode(wrapped, type=ReportCollection)
    assert decoded.schema == "infer-compare/reports"
    assert list(decoded.reports) == [msgspec.structs.replace(one, timelines=()) for one in two]
    assert render_many(JsonReporter(), two[:1]) == render(JsonReporter(), two[0])


def test_a_format_of_one_run_says_so_when_given_several(two: list[ReportDocument]) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=r"^The report format 'github-action-benchmark' takes one run, and 2 were"):
        render_many(BenchmarkActionReporter(), two)


def test_the_action_gets_an_entry_for_each_point_with_figures(story: type[Story]) -> None:
    """Name, unit, value, range and extra, as `customBiggerIsBetter` has them."""
    oom = OutOfMemory(reason="cap", evidence="raised", phase="explore")
    made = document(story(outcomes={("torch", 8): oom}).run())
    entries = json.loads(BenchmarkActionReporter().render(made))
    figures = [point.figures for curve in made.curves for point in curve.points if point.figures is not None]
    assert len(entries) == len(figures) == 7
    for entry, one in zip(entries, figures, strict=True):
        assert set(entry) == {"name", "unit", "value", "range", "extra"}
        assert (entry["unit"], entry["value"]) == ("samples/s", one.throughput)
        # The action takes the range apart by this very pattern.
        found = re.fullmatch(r"((\+-|±)\s*)(?P<value>\d.+)", entry["range"])
        assert found is not None
        assert one.spread is not None
        assert float(found["value"]) == pytest.approx(one.throughput * one.spread, abs=1e-6)


def test_the_action_finds_a_benchmark_again_by_its_name(story: type[Story]) -> None:
    """Nothing in a name changes from run to run, and no two names are alike."""
    first = story()
    later = story(curves={"onnx": {1: 0.9, 2: 1.7, 4: 2.1, 8: 2.9}, "torch": {1: 2.5, 2: 2.8, 4: 3.4, 8: 4.6}})
    header = msgspec.structs.replace(later.header(), run_id="another", created="2027-01-01T00:00:00Z")
    run = msgspec.structs.replace(later.run(), header=header)
    names, later_names = (
        [entry["name"] for entry in json.loads(BenchmarkActionReporter().render(document(one)))]
        for one in (first.run(), run)
    )
    assert names == later_names
    assert len(set(names)) == len(names)
    assert names[0] == "cnn, onnx, batch 1, scope device, threads 2"
