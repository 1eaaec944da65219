"""Accuracy, throughput and memory side by side, where contenders compute with different things."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from infer_compare.report.csv import CsvReporter
from infer_compare.report.document import document
from infer_compare.report.glance import glance
from infer_compare.report.html.reporter import HtmlReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.sections import paged
from infer_compare.report.sections.blocks import Charts
from infer_compare.report.text import TextReporter
from infer_compare.results import Limit, OutputError

INT8, HALF = "onnx:precision=int8", "torch:precision=bfloat16"
CURVES = {
    "onnx": {1: 0.9, 4: 2.0, 8: 3.6},
    INT8: {1: 0.4, 4: 0.9, 8: 1.5},
    "torch": {1: 1.5, 4: 2.4, 8: 3.6},
    HALF: {1: 1.4, 4: 2.2, 8: 3.2},
}
ASKED = {INT8: {"precision": "int8"}, HALF: {"precision": "bfloat16"}}
PRECISIONS = {INT8: "int8", HALF: "bfloat16"}
ERRORS = {INT8: 0.046, HALF: 0.0121, "torch": 3.2e-7}
ALLOWED = {"allow_error": True}
FORMATS = {"text": TextReporter(), "markdown": MarkdownReporter(), "page": HtmlReporter()}


@pytest.fixture(scope="module")
def made(story):
    """The document of a run in three precisions, one of them beyond its tolerance, which `--allow-error` allows."""
    limits = [
        Limit(contender=label, largest_fitting=size, smallest_failing=size + 1, verified=True, probes=5, elapsed_s=3)
        for label, size in {"onnx": 912, INT8: 1423}.items()
    ]
    return document(
        story(
            curves=CURVES,
            asked=ASKED,
            precisions=PRECISIONS,
            errors=ERRORS,
            differs=[INT8],
            compiling={HALF: 21.3},
            plan={"allow_error": True, "find_limit": True},
            extra=limits,
            restarts=3,
        ).run()
    )


def chart(made):
    """The one that the page draws."""
    (found,) = [
        one.data
        for section in paged(made, "r0")
        for block in section.blocks
        if isinstance(block, Charts)
        for one in block.charts
        if one.id == "r0f0-accuracy"
    ]
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_error_memory_largest_batch_and_first_call_of_each_contender(made, form):
    """In the table, with the effective precision."""
    written = FORMATS[form].render(made)
    assert "accuracy, throughput, memory" in written.lower()
    for figure in ("0.046 !", "0.012", "bfloat16", "1,423", "912", "21.3 s", "166 MiB"):
        assert figure in written


def test_contenders_that_compute_alike_have_no_such_section(story):
    """Errors of float32 are none."""
    plain = document(story().run())
    assert "accuracy, throughput" not in TextReporter().render(plain).lower()
    assert "accuracy, throughput" not in HtmlReporter().render(plain).lower()


def test_contenders_with_other_options_are_shown_side_by_side(story):
    """In the same precision too."""
    curves = {"torch": CURVES["torch"], "torch:compile=true": CURVES["onnx"]}
    run = story(curves=curves, asked={"torch:compile=true": {"options": {"compile": "true"}}}).run()
    written = TextReporter().render(document(run))
    assert "ACCURACY, THROUGHPUT, MEMORY" in written
    assert "float32" not in written.partition("ACCURACY")[2].partition("SHAPE")[0]


def test_a_contender_that_is_ranked_beyond_its_tolerance_has_its_error_beside_its_name(made):
    """In the headline, in the table of the best sizes, and in a caution."""
    assert made.answers[0].headline.startswith("Use onnx:precision=int8 (output error 0.046) at batch 8.")
    assert glance(made)[0].startswith("Use onnx:precision=int8 (output error 0.046)")
    assert "onnx:precision=int8 (output error 0.046)" in MarkdownReporter().render(made).partition("batch")[2]
    assert [one for one in made.cautions if "--allow-error" in one] != []
    assert [one.label for one in made.contenders if one.deviates] == [INT8]


def test_the_table_has_the_worst_output_error_of_all_sizes(story):
    """As the headline has it, and not that of the best size alone."""
    run = story(curves=CURVES, asked=ASKED, precisions=PRECISIONS, errors=ERRORS, differs=[INT8], plan=ALLOWED).run()
    agreements = tuple(
        msgspec.structs.replace(one, error=OutputError(relative=0.09))
        if (one.contender, one.point.batch) == (INT8, 1)
        else one
        for one in run.agreements
    )
    made = document(msgspec.structs.replace(run, agreements=agreements))
    assert made.answers[0].headline.startswith("Use onnx:precision=int8 (output error 0.09) at batch 8.")
    assert "0.09 !" in TextReporter().render(made).partition("ACCURACY")[2].partition("SHAPE")[0]


def test_files_have_the_parts_of_the_output_error(made):
    """And what the tolerance would have to be."""
    rows = {row["contender"]: row for row in csv.DictReader(io.StringIO(CsvReporter().render(made)))}
    assert float(rows[HALF]["output_error"]) == pytest.approx(0.0121)
    assert float(rows[HALF]["output_cosine"]) == pytest.approx(1 - 0.0121**2)
    assert float(rows[HALF]["same_top1"]) == pytest.approx(1 - 0.0121)
    assert float(rows[HALF]["needed_rtol"]) == pytest.approx(2.1e-7)
    assert float(rows[HALF]["compile_ms"]) == pytest.approx(21_302)


def test_the_chart_has_a_mark_for_each_contender_whose_size_is_its_memory(made):
    """Throughput against output error; outputs without any are drawn at the edge."""
    marks = {one.c: one for one in chart(made).series}
    assert marks[INT8].x == pytest.approx(0.046)
    assert marks[INT8].y == pytest.approx(8 / 1.5e-3, rel=0.01)
    assert marks[INT8].memory == 166 * 2**20
    assert "output error 0.046" in marks[INT8].text


def test_outputs_without_error_are_drawn_at_the_edge_of_the_chart(story):
    """A logarithmic axis has no zero."""
    run = story(curves=CURVES, asked=ASKED, precisions=PRECISIONS, errors={**ERRORS, "torch": 1e-12}).run()
    found = chart(document(run))
    assert {one.c: one.x for one in found.series}["torch"] == found.exact


def test_a_contender_that_is_not_ranked_keeps_its_row(story):
    """With its output error, and without figures."""
    run = story(curves=CURVES, asked=ASKED, precisions=PRECISIONS, differs=[INT8]).run()
    written = TextReporter().render(document(run)).partition("ACCURACY")[2].partition("SHAPE")[0]
    (row,) = [line for line in written.splitlines() if "int8" in line and "not ranked" in line]
    assert "0.31" in row


def test_more_threads_than_cores_are_marked(story):
    """Of all instances together."""
    asked = {INT8: {"threads": 4, "instances": 2, "precision": "int8"}}
    made = document(story(curves={"onnx": CURVES["onnx"], INT8: CURVES[INT8]}, asked=asked).run())
    assert "onnx:precision=int8 is oversubscribed: 8 threads on 4 cores" in " ".join(
        TextReporter().render(made).split()
    )
