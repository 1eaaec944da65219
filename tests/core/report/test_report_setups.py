"""Contenders of unequal precision, threads or instances are named with them, in every format."""

from __future__ import annotations

import csv
import io
import json

import pytest

from infer_compare.report.answer_line import answer_line
from infer_compare.report.csv import CsvReporter
from infer_compare.report.document import document
from infer_compare.report.glance import glance
from infer_compare.report.html.reporter import HtmlReporter
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.text import TextReporter
from infer_compare.report.winner import winner_command

OPENVINO = {"openvino": {1: 0.5, 2: 0.7, 4: 1.1, 8: 1.9}, "onnx": {1: 0.9, 2: 1.3, 4: 2.0, 8: 3.6}}
"""Milliseconds of a call, by contender and batch size."""
SPLITS = {
    "onnx:threads=1,instances=2": {1: 0.4, 2: 0.7, 4: 1.3, 8: 2.6},
    "onnx:threads=2": {1: 0.5, 2: 0.8, 4: 1.5, 8: 2.9},
}
SPLIT = {"onnx:threads=1,instances=2": {"threads": 1, "instances": 2}, "onnx:threads=2": {"threads": 2}}
FORMATS = {"text": TextReporter(), "markdown": MarkdownReporter(), "page": HtmlReporter()}


def spoken(made):
    """Every sentence of the answer, on one line."""
    (answer,) = made.answers
    return " ".join([answer.headline, *answer.sentences, *glance(made)])


def test_contenders_of_equal_precision_are_named_without_it(story):
    """As are those of equal threads and instances."""
    assert " in float32" not in spoken(document(story().run()))
    assert "thread" not in spoken(document(story().run()))


def test_a_headline_names_unequal_precision(story):
    """Of both sides, beside the ratio too."""
    said = spoken(document(story(curves=OPENVINO, precisions={"openvino": "bfloat16"}).run()))
    assert "Use openvino in bfloat16 at batch 8." in said
    assert "faster than onnx in float32 at batch 8" in said
    assert "openvino in bfloat16 is 1.89x faster than onnx in float32" in said


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_unequal_precision(story, form):
    """In the headline; the table of the best sizes has it in a column."""
    made = document(story(curves=OPENVINO, precisions={"openvino": "bfloat16"}).run())
    written = FORMATS[form].render(made)
    assert "Use openvino in bfloat16 at batch 8." in written
    assert "precision" in written


def test_rivals_in_a_list_are_named_by_themselves(story):
    """What each of many pairs is unequal in would drown the sentence."""
    curves = {"pair": SPLITS["onnx:threads=2"], "one": SPLITS["onnx:threads=2"], "other": SPLITS["onnx:threads=2"]}
    (answer,) = document(story(curves=curves, asked={"pair": {"threads": 1, "instances": 2}}).run()).answers
    rivals = answer.headline.partition("; ")[2]
    assert rivals.count("instance") <= 1


def test_what_a_label_says_is_not_said_twice(story):
    """Only the other contender is named with its precision."""
    curves = {"onnx:precision=int8": OPENVINO["openvino"], "onnx": OPENVINO["onnx"]}
    made = document(
        story(
            curves=curves,
            precisions={"onnx:precision=int8": "int8"},
            asked={"onnx:precision=int8": {"precision": "int8"}},
        ).run()
    )
    assert "onnx:precision=int8 is 1.89x faster than onnx in float32" in spoken(made)


def test_a_contender_in_another_precision_than_asked_is_named_with_a_caution(story):
    """Its label alone would say the wrong one."""
    curves = {"torch:precision=int8": OPENVINO["openvino"], "onnx:precision=int8": OPENVINO["onnx"]}
    made = document(
        story(
            curves=curves,
            precisions={"onnx:precision=int8": "int8"},
            asked={label: {"precision": "int8"} for label in curves},
        ).run()
    )
    assert made.cautions == ("torch:precision=int8 was asked to compute in int8, and computes in float32",)
    assert "Use torch:precision=int8 in float32 at batch 8." in spoken(made)


def test_a_contender_that_lowers_the_precision_by_itself_is_named_with_a_caution(story):
    """Where nothing was asked of it, and another keeps the higher one."""
    made = document(story(curves=OPENVINO, precisions={"openvino": "bfloat16"}).run())
    assert [one for one in made.cautions if "openvino chose bfloat16 by itself" in one] != []


@pytest.mark.parametrize("beside", [{}, {"onnx": OPENVINO["onnx"]}])
def test_a_contender_that_computes_in_less_than_the_model_has_is_named_with_a_caution(story, beside):
    """Alone, and beside one that was asked for the model's precision."""
    curves = {"openvino": OPENVINO["openvino"], **beside}
    asked = {label: {"precision": "float32"} for label in beside}
    made = document(story(curves=curves, weights="float32", precisions={"openvino": "bfloat16"}, asked=asked).run())
    assert made.cautions == (
        "openvino chose bfloat16 by itself, which is lower than the model's float32; ask for one with precision=",
    )


@pytest.mark.parametrize(("weights", "own"), [("int8", "int8"), ("float16", "float16"), ("bfloat16", "float16")])
def test_a_contender_in_the_precision_of_the_model_chose_nothing(story, weights, own):
    """Though another one computes in a higher one, as where it rebuilds a quantised model in float32."""
    made = document(story(curves=OPENVINO, weights=weights, precisions={"onnx": own}).run())
    assert made.cautions == ()


@pytest.mark.parametrize("form", ["markdown", "page"])
def test_instances_are_listed_with_their_processors(story, form):
    """Where they were pinned, and that they were not."""
    processors = {"onnx:threads=1,instances=2": ((0, 2), (1, 3))}
    pinned = document(story(curves=SPLITS, asked=SPLIT, processors=processors).run())
    assert "instance 1 on 0 and 2, instance 2 on 1 and 3" in FORMATS[form].render(pinned)
    assert "instances not pinned" in FORMATS[form].render(document(story(curves=SPLITS, asked=SPLIT).run()))
    assert "pinned" not in FORMATS[form].render(document(story().run()))


def test_the_document_has_the_processors_of_instances(story):
    """For programs, as numbers; neighbours are a range for people."""
    label = "onnx:threads=1,instances=2"
    processors = {label: ((0, 1, 2, 3, 8), (4, 5, 6, 7))}
    made = document(story(curves=SPLITS, asked=SPLIT, processors=processors).run())
    assert [contender["processors"] for contender in json.loads(JsonReporter().render(made))["contenders"]] == [
        [[0, 1, 2, 3, 8], [4, 5, 6, 7]],
        [],
    ]
    assert "instance 1 on 0-3 and 8, instance 2 on 4-7" in MarkdownReporter().render(made)


def test_unequal_threads_and_instances_are_named(story):
    """With custom labels, which do not say them."""
    made = document(story(curves=SPLITS, asked=SPLIT).run())
    assert "onnx:threads=1,instances=2" in spoken(made)
    assert "onnx:threads=2 with 1 instance at batch 8" in spoken(made)
    relabelled = dict(zip(("pair", "one"), SPLITS.values(), strict=True))
    asked = dict(zip(relabelled, SPLIT.values(), strict=True))
    said = spoken(document(story(curves=relabelled, asked=asked).run()))
    assert "pair with 2 instances of 1 thread at batch 4" in said
    assert "one with 1 instance of 2 threads at batch 8" in said
    threads = {"one": {"threads": 1}, "pair": {"threads": 2}}
    assert "pair with 2 threads at batch 4" in spoken(document(story(curves=relabelled, asked=threads).run()))


def test_files_have_threads_and_instances_of_each_contender(story):
    """In columns of their own."""
    made = document(story(curves=SPLITS, asked=SPLIT).run())
    rows = list(csv.DictReader(io.StringIO(CsvReporter().render(made))))
    assert {(row["contender"], row["threads"], row["instances"]) for row in rows} == {
        ("onnx:threads=1,instances=2", "1", "2"),
        ("onnx:threads=2", "2", "1"),
    }
    assert "1 or 2 threads" in TextReporter().render(made)


def test_the_command_of_a_winner_has_its_threads_and_instances(story):
    """As they would be typed."""
    made = document(story(curves=SPLITS, asked=SPLIT).run())
    assert "onnx:threads=1,instances=2" in winner_command(made, "onnx:threads=1,instances=2")


def test_lists_of_runs_name_unequal_precision(story):
    """In the answer of a run on part of a line."""
    assert answer_line(story(curves=OPENVINO, precisions={"openvino": "bfloat16"}).run()).startswith(
        "openvino in bfloat16 at batch 8"
    )
