"""A point that used more processor time than its thread budget has no figures, and every format says why."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare.api import compare
from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.settling import unsettled
from infer_compare.report.csv import CsvReporter
from infer_compare.report.document import document
from infer_compare.report.html.reporter import HtmlReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.sentences.exclusions import excluded_sentence
from infer_compare.report.sentences.verdicts import reason_words
from infer_compare.report.text import TextReporter
from infer_compare.results import Run
from infer_compare.verdicts import Verdict, summarise

WHY = "used 1.7 cores at a budget of 1 thread"


def own_cpu(record, used):
    """A round whose slices used so many cores, by contender and batch size."""
    if not hasattr(record, "slices"):
        return record
    slices = tuple(
        msgspec.structs.replace(
            piece,
            diagnostics=msgspec.structs.replace(
                piece.diagnostics,
                own_cpu_ns=round(used(piece.contender, record.point.batch) * piece.diagnostics.wall_ns),
            ),
        )
        for piece in record.slices
    )
    return msgspec.structs.replace(record, slices=slices)


@pytest.fixture
def told(story):
    """A run whose slices used so many cores; the budget is one thread, and a tenth more is allowed."""

    def make(used, *, allowed=0.10):
        records = story(plan={"threads": 1, "budget_excess": allowed}).records()
        return Run.fold(own_cpu(record, used) for record in records)

    return make


def greedy_at_four(label, batch):
    """Torch takes a second core at batch 4."""
    return 1.7 if (label, batch) == ("torch", 4) else 1.0


def test_a_point_that_exceeds_its_budget_has_no_figures_and_is_not_compared(told):
    """The other points of the contender are."""
    summary = summarise(told(greedy_at_four))
    assert [one.point.batch for one in summary.figures if one.contender == "torch"] == [1, 2, 8]
    verdicts = {pair.a.point.batch: pair for pair in summary.pairs}
    assert verdicts[4].verdict is Verdict.INVALID
    assert reason_words(verdicts[4]) == f"torch {WHY} at batch 4"
    assert verdicts[2].verdict is Verdict.FASTER
    assert summary.excluded == ()


def test_every_format_says_how_many_cores_it_used(told):
    """And none calls it disturbed, or the machine busy."""
    made = document(told(greedy_at_four))
    (point,) = [one for curve in made.curves for one in curve.points if one.excess_cores is not None]
    assert (point.contender, point.point, point.reason) == ("torch", OperatingPoint(4), WHY)
    assert point.excess_cores == pytest.approx(1.7)
    for reporter in (TextReporter(), MarkdownReporter(), HtmlReporter()):
        # The page explains the word itself, as all terms.
        words = reporter.render(made).partition('class="card terms"')[0]
        text = " ".join(words.split())
        assert "over budget" in text
        assert WHY in text
        assert "disturbed" not in text
    assert WHY in CsvReporter().render(made)


def test_a_contender_that_exceeds_its_budget_everywhere_is_not_ranked(told):
    """The run has no answer for it, so that the exit code is 1."""
    made = document(told(lambda label, _: 1.7 if label == "torch" else 1.0))
    assert [excluded_sentence(one) for one in made.excluded] == [f"torch is not ranked: it {WHY}"]
    assert made.shortcomings == (f"torch is not ranked: it {WHY}",)


@pytest.mark.parametrize("cores", [0.2, 1.0, 1.1])
def test_a_tenth_more_than_the_budget_is_allowed(told, cores):
    """Frameworks have helpers that wake up now and then; other programs lower the figure."""
    summary = summarise(told(lambda *_: cores))
    assert len(summary.figures) == 8
    assert summary.excluded == ()


def test_one_slice_in_which_a_framework_did_something_once_decides_nothing(told):
    """The median over slices does."""
    seen = iter([1.9, *[1.0] * 1000])
    summary = summarise(told(lambda *_: next(seen)))
    assert len(summary.figures) == 8


def test_budgets_are_not_checked_in_runs_of_older_versions(told):
    """They recorded no allowance."""
    assert len(summarise(told(lambda *_: 1.7, allowed=None)).figures) == 8


def test_what_exceeds_its_budget_is_not_measured_again(told):
    """More rounds would change nothing."""
    points = {label: tuple(map(OperatingPoint, (1, 2, 4, 8))) for label in ("onnx", "torch")}
    run = told(lambda *_: 1.7)
    fewer = msgspec.structs.replace(run, rounds=tuple(one for one in run.rounds if one.restart == 1))
    header = msgspec.structs.replace(run.header, plan=msgspec.structs.replace(run.header.plan, restarts=8))
    two = msgspec.structs.replace(run, header=header, rounds=tuple(one for one in run.rounds if one.restart <= 2))
    assert unsettled(fewer, points, 1)
    assert unsettled(two, points, 2) == {}


def test_comparing_two_runs_says_that_a_budget_was_exceeded_in_one_of_them(told):
    """That size has no ratio, and the sentence says why."""
    found = compare(told(lambda *_: 1.0), told(greedy_at_four)).comparison
    assert not [one for one in found.points if (one.contender, one.point.batch) == ("torch", 4)]
    assert any(WHY in one.sentence for one in found.missing)
