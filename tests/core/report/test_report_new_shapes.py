"""What a batch size costs that a running worker meets for the first time, in every format."""

from __future__ import annotations

import csv
import io
import json

import msgspec
import pytest

from infer_compare.api.result import Result
from infer_compare.interfaces import OperatingPoint
from infer_compare.report.csv import CsvReporter
from infer_compare.report.document import document
from infer_compare.report.html.reporter import HtmlReporter
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.text import TextReporter
from infer_compare.results import Failed, Measured, Run

SECOND = 10**9
COMPILING = {1: 30, 2: 20, 4: 21, 8: 23}
"""Seconds of torch's first call by batch size; its worker begins at batch 1."""


def compiled(run, seconds=COMPILING):
    """The run with a torch whose first calls take so long; preparing takes half of it."""
    probes = []
    for probe in run.probes:
        if probe.contender == "torch" and isinstance(probe.outcome, Measured):
            first_ns = round(seconds[probe.point.batch] * SECOND / 2) + probe.outcome.latency_ns
            outcome = msgspec.structs.replace(
                probe.outcome, first_call_ns=first_ns, prepare_ns=round(seconds[probe.point.batch] * SECOND / 2)
            )
            probe = msgspec.structs.replace(probe, outcome=outcome)  # noqa: PLW2901 - the same probe, slower
        probes.append(probe)
    return msgspec.structs.replace(run, probes=tuple(probes))


def costs(made, label="torch"):
    """By batch size, in seconds."""
    (curve,) = [curve for curve in made.curves if curve.contender == label]
    return {point.point.batch: point.new_shape_ns and point.new_shape_ns / SECOND for point in curve.points}


def test_the_first_call_in_a_worker_that_ran_other_sizes_tells_the_cost_of_a_size(story):
    """Preparing included, the steady call taken off."""
    found = costs(document(compiled(story(restarts=1).run())))
    assert {size: found[size] for size in (2, 4, 8)} == pytest.approx({2: 20, 4: 21, 8: 23})


def test_the_size_at_which_exploring_began_is_told_by_workers_that_met_it_later(story):
    """Its first call in the worker that explored also started the framework."""
    run = story(restarts=1).run()
    assert costs(document(run))[1] is None
    # A worker of a restart that took the sizes in descending order met batch 1 last.
    reverse = sorted(run.rounds, key=lambda one: -one.point.batch)
    found = costs(document(msgspec.structs.replace(run, rounds=tuple(reverse))))
    assert found[1] == pytest.approx(0.031)


def test_a_worker_that_takes_the_place_of_one_that_failed_is_not_warm(story):
    """Its first call says nothing about the size."""
    failed = Failed(error="RuntimeError", reason="no kernel", phase="explore")
    run = story(restarts=1, outcomes={("torch", 4): failed}).run()
    found = costs(document(compiled(msgspec.structs.replace(run, rounds=()))))
    assert found == {1: None, 2: pytest.approx(20), 4: None, 8: None}


def test_a_compiler_that_finds_its_work_on_disk_does_not_make_a_new_size_cheap(story):
    """What exploring saw counts, not the workers after it."""
    assert costs(document(compiled(story(restarts=4).run())))[8] == pytest.approx(23)


def test_a_cost_that_matters_is_a_sentence_and_others_are_not(story):
    """From 100 ms and ten calls on, at the median over the sizes."""
    run = story(restarts=1).run()
    assert document(run).new_shapes == ()
    (found,) = document(compiled(run)).new_shapes
    assert (found.contender, found.sizes) == ("torch", 3)
    assert found.typical_ns == pytest.approx(21 * SECOND)
    for reporter in (TextReporter(), MarkdownReporter(), HtmlReporter()):
        assert "each new batch size costs torch 21.0 s" in " ".join(reporter.render(document(compiled(run))).split())
        assert "each new batch size costs" not in reporter.render(document(run))
    assert document(compiled(run, dict.fromkeys(COMPILING, 0.09))).new_shapes == ()


def test_a_long_call_does_not_make_a_new_size_costly(story):
    """A new size that costs as much as a few calls is no news."""
    slow = {"torch": {1: 50.0, 2: 60.0, 4: 70.0}}
    assert document(compiled(story(curves=slow, restarts=1).run(), {1: 0.5, 2: 0.5, 4: 0.5})).new_shapes == ()


def test_every_format_has_the_cost_of_each_size(story, tmp_path):
    """As a column, a field, a row of a table, and in Python."""
    run = compiled(story(restarts=1).run())
    made = document(run)
    rows = {
        int(row["batch"]): row["new_shape_ms"]
        for row in csv.DictReader(io.StringIO(CsvReporter().render(made)))
        if row["contender"] == "torch"
    }
    assert rows[1] == ""
    assert float(rows[8]) == pytest.approx(23_000)
    curves = {curve["contender"]: curve["points"] for curve in json.loads(JsonReporter().render(made))["curves"]}
    assert curves["torch"][3]["new_shape_ns"] == pytest.approx(23 * SECOND)
    assert Result(run, tmp_path)["torch", 8].new_shape_ms == pytest.approx(23_000)
    for reporter in (MarkdownReporter(), HtmlReporter()):
        assert "23.0 s" in reporter.render(made)


def test_a_pass_over_a_data_set_is_no_first_call(story):
    """Its first pass reads the data, so that exploring alone tells the cost."""
    plan = {"scope": "dataset", "data": "rows.npz", "data_rows": 64}
    run = story(restarts=1, plan=plan).run()
    reverse = Run.fold([run.header, *run.starts, *run.probes, *sorted(run.rounds, key=lambda one: -one.point.batch)])
    made = document(reverse)
    assert costs(made)[1] is None
    assert next(one for one in made.curves[0].points if one.point == OperatingPoint(8)).new_shape_ns is not None
