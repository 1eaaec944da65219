"""A size that fresh rounds confirmed has one figure, and every format shows that one."""

from __future__ import annotations

import csv
import io
import json
import re

import msgspec
import pytest

from infer_compare import hookimpl
from infer_compare.api.plugin_events import PluginEvents
from infer_compare.api.result import Result
from infer_compare.interfaces import OperatingPoint
from infer_compare.phases.events import Observer
from infer_compare.plugins import Origin, Plugins
from infer_compare.report.csv import CsvReporter
from infer_compare.report.document import document
from infer_compare.report.html.reporter import HtmlReporter
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.text import TextReporter
from infer_compare.results import Run
from infer_compare.stats.wording import significant

SLOWER = 1.02
"""What the fresh rounds took, as a multiple of what the rounds before had seen."""
FRESH = 8 / (1.9e-3 * SLOWER)
"""Samples a second of onnx at batch 8 in them, within a per cent."""


@pytest.fixture(scope="module")
def run(story):
    """One restart whose rounds confirmed batch 8 of both contenders, and were a little slower than those before."""
    told = story(calls=64)
    before = told.run()
    fresh = [
        msgspec.structs.replace(
            one,
            phase="confirm",
            restart=5,
            index=100 + place,
            slices=tuple(
                msgspec.structs.replace(piece, durations_ns=tuple(round(ns * SLOWER) for ns in piece.durations_ns))
                for piece in one.slices
            ),
        )
        for place, one in enumerate(one for one in before.rounds if one.restart == 4 and one.point.batch == 8)
    ]
    return Run.fold(story(calls=64, extra=fresh).records())


@pytest.fixture(scope="module")
def point(run):
    """Onnx at batch 8 in the report document."""
    curves = {curve.contender: curve for curve in document(run).curves}
    return next(one for one in curves["onnx"].points if one.point == OperatingPoint(8))


def test_the_fresh_rounds_alone_make_the_figure_of_a_confirmed_size(point):
    """The earlier ones flattered it; they still tell how it ran."""
    assert point.figures.confirmed
    assert point.figures.throughput == pytest.approx(FRESH, rel=0.01)
    assert point.figures.slices == 4
    assert point.figures.latency_p99_ns is not None
    assert point.figures.drift is not None


def test_other_sizes_keep_the_figures_of_all_their_rounds(run):
    """Nothing fresh is known of them."""
    others = [one for curve in document(run).curves for one in curve.points if one.point != OperatingPoint(8)]
    assert not any(one.figures.confirmed for one in others)
    assert all(one.figures.slices == 16 for one in others)


def test_every_format_shows_the_same_figure_for_a_confirmed_size(run, point, tmp_path):
    """In the answer, in the curves, in tables for machines, and in Python."""
    made, figure = document(run), point.figures.throughput
    (answer,) = made.answers
    assert (answer.answer.recommended.contender, answer.answer.recommended.point) == ("onnx", OperatingPoint(8))
    assert answer.answer.recommended.confirmed
    assert answer.answer.recommended.figures == point.figures

    rows = list(csv.DictReader(io.StringIO(CsvReporter().render(made))))
    (row,) = [one for one in rows if (one["contender"], one["batch"]) == ("onnx", "8")]
    assert float(row["throughput"]) == figure
    told = json.loads(JsonReporter().render(made))
    (seen,) = [
        one
        for curve in told["curves"]
        for one in curve["points"]
        if (one["contender"], one["point"]["batch"]) == ("onnx", 8)
    ]
    assert seen["figures"]["throughput"] == figure
    (python,) = [one for one in Result(run, tmp_path).points if (one.contender, one.batch) == ("onnx", 8)]
    assert python.throughput == figure
    shown, flattered = significant(figure), significant(figure * SLOWER)
    assert shown != flattered
    for reporter in (TextReporter(), MarkdownReporter(), HtmlReporter()):
        text = reporter.render(made)
        assert text.count(shown) >= 2
        assert not re.search(rf"(?<![\d,]){flattered}(?![\d,])", text)


def test_plugins_are_told_the_figure_that_reports_show(run):
    """Of a confirmed size and of all others; one that takes the point alone is told that."""
    told, points = {}, []

    class Listening:
        @hookimpl
        def infer_compare_point_finished(self, point, figures):
            told[point.contender, point.point] = figures

    class Older:
        @hookimpl
        def infer_compare_point_finished(self, point):
            points.append((point.contender, point.point))

    plugins = Plugins()
    plugins.register(Listening(), Origin("listening", "test"))
    plugins.register(Older(), Origin("older", "test"))
    PluginEvents(plugins, Observer()).finished(run)
    shown = {(one.contender, one.point): one.figures for curve in document(run).curves for one in curve.points}
    assert told == shown
    assert points == list(told)
    assert any(one.confirmed for one in told.values())
