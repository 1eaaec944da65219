"""How far the outputs of contenders of low precision are from the reference's, and which they are held against."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from infer_compare.interfaces import TensorSpec
from infer_compare.results import OutputError, Run
from infer_compare.verdicts import deviations, output_error

from .test_agreement_reference import (  # type: ignore[import-not-found]
    RIGHT,
    WRONG,
    Story,
    header,
    rows_of,
    start,
)

ROUNDED = (np.round(RIGHT * 8) / 8).astype(np.float32)
"""As eight-bit integers might give it."""


@pytest.fixture
def story(tmp_path):
    """One model of one output, of shape [batch, 6]."""
    return Story(tmp_path)


def run_of(story: Story, **options: bool) -> Run:
    """The run as it stands once outputs have been compared."""
    first = header(story.candidates, story.specs)
    return Run.fold(
        [
            msgspec.structs.replace(first, options=msgspec.structs.replace(first.options, **options)),
            *(start(*one) for one in story.precisions.items()),
            *(agreement for own in story.agreements().values() for agreement in own),
        ]
    )


def test_the_output_error_is_the_largest_difference_over_the_largest_value(story):
    """And the cosine; here no output ranks, since its rows have a single entry each."""
    story.specs = (TensorSpec("y", "float32", ("batch", 1)),)
    rows = np.arange(1, 9, dtype=np.float32)[:, None]
    story.add("torch", rows_of(rows))
    story.add("onnx", rows_of(rows * np.float32(1.1)), precision="int8")
    error = output_error(run_of(story), "onnx")
    assert error is not None
    assert error.relative == pytest.approx(0.1, rel=1e-4)
    assert error.cosine == pytest.approx(1.0)
    assert error.top1 is None


def test_the_error_of_a_contender_is_the_worst_over_its_points(story):
    """Each of its measures for itself."""
    story.add("torch", rows_of(RIGHT))
    story.add("onnx", lambda first, size: [(ROUNDED if size == 3 else RIGHT)[first : first + size]], precision="int8")
    run = run_of(story)
    worst = output_error(run, "onnx")
    assert worst is not None
    assert worst.relative == pytest.approx(
        float(np.abs(ROUNDED[:3] - RIGHT[:3]).max() / np.abs(RIGHT[:3]).max()), rel=1e-4
    )
    assert [agreement.error.relative for agreement in run.agreements if agreement.contender == "torch"] == [0, 0]


def test_the_worst_of_errors_is_worst_in_each_measure():
    """Where none has a measure, the worst has none."""
    one, other = OutputError(relative=0.1, cosine=0.9), OutputError(relative=0.2, cosine=0.95, top1=0.5)
    assert OutputError.worst([one, other]) == OutputError(relative=0.2, cosine=0.9, top1=0.5)
    assert OutputError.worst([]) is None


def test_contenders_of_low_precision_alone_are_held_against_the_evaluator(story):
    """It is asked at the smallest size only, and elsewhere the most precise of them is the reference of the others."""
    story.add("torch", rows_of(RIGHT * np.float32(1.004)), precision="bfloat16")
    story.add("onnx", rows_of(ROUNDED), precision="int8")
    story.evaluated = story.written("evaluator", rows_of(RIGHT), sizes=(1,))
    run = run_of(story)
    assert story.asked == [(1,)]
    error = output_error(run, "torch")
    assert error is not None
    assert error.relative == pytest.approx(0.004, rel=1e-2)
    assert [agreement.error is None for agreement in run.agreements if agreement.contender == "torch"] == [False, True]
    assert output_error(run, "onnx") is not None


def test_a_reference_of_low_precision_has_no_error_that_anybody_knows(story):
    """Not zero: nothing of single precision was there."""
    story.add("torch", rows_of(RIGHT), precision="bfloat16")
    story.add("onnx", rows_of(ROUNDED), precision="int8")
    run = run_of(story)
    assert output_error(run, "torch") is None
    assert output_error(run, "onnx") is not None


def test_the_most_precise_contender_is_right_where_nothing_else_decides(story):
    """Of two native ones; two backends of eight bits that agree with each other do not outvote it."""
    story.add("onnx", rows_of(WRONG), precision="int8")
    story.add("openvino", rows_of(WRONG), precision="int8")
    story.add("torch", rows_of(RIGHT))
    assert story.verdicts() == {"onnx": {"differs"}, "openvino": {"differs"}, "torch": {"agrees"}}


def test_a_contender_that_agrees_with_two_that_disagree_does_not_bring_them_together(story):
    """Low precision agrees with much; it is ranked with whoever is right."""
    story.add("int8", rows_of(RIGHT + np.float32(0.003)), precision="int8")
    story.add("torch", rows_of(RIGHT + np.float32(0.006)))
    story.add("onnx", rows_of(RIGHT))
    assert story.verdicts() == {"int8": {"differs"}, "torch": {"differs"}, "onnx": {"differs"}}
    story.evaluated = story.written("evaluator", rows_of(RIGHT))
    assert story.verdicts() == {"int8": {"agrees"}, "torch": {"differs"}, "onnx": {"agrees"}}


def test_an_error_of_low_precision_is_allowed_where_the_user_allows_errors(story):
    """Then the contender does not count as different, and its output error is to be shown; otherwise it is not ranked."""
    story.add("torch", rows_of(RIGHT))
    story.add("onnx", rows_of(ROUNDED), "imported")
    asked, allowed = run_of(story), run_of(story, allow_error=True)
    assert asked.differs("onnx") is not None
    assert not deviations(asked)
    assert allowed.differs("onnx") is None
    assert deviations(allowed) == {"onnx": output_error(allowed, "onnx")}


@pytest.mark.parametrize(
    "made",
    [
        lambda first, size: [np.roll(RIGHT, 1, axis=0)[first : first + size]],
        lambda first, size: [RIGHT[[5, *range(1, 8)]][first : first + size]],
        lambda first, size: [np.repeat(RIGHT.mean(axis=0, keepdims=True), size, axis=0)],
        lambda first, size: [np.random.default_rng(1).standard_normal((8, 6), np.float32)[first : first + size]],
        lambda first, size: [np.full((size, 6), np.nan, np.float32)],
        lambda first, size: [RIGHT[first : first + size, :5]],
    ],
    ids=["other inputs", "one other input", "the same for all inputs", "other weights", "nan", "another shape"],
)
def test_what_is_no_nearer_than_other_inputs_is_another_model_whatever_is_allowed(story, made):
    """Nobody who allows errors of low precision asks for that."""
    story.add("torch", rows_of(RIGHT))
    story.add("onnx", made, precision="int8")
    run = run_of(story, allow_error=True)
    assert run.differs("onnx") is not None
    assert not deviations(run)


def test_a_wrong_output_beside_a_right_one_is_not_allowed(tmp_path):
    """Not even where its shape keeps it from being compared."""
    story = Story(tmp_path, specs=())
    story.add("torch", lambda first, size: [RIGHT[first : first + size], RIGHT[first : first + size]])
    story.add("onnx", lambda first, size: [ROUNDED[first : first + size], RIGHT[first : first + size, :3]])
    assert run_of(story, allow_error=True).differs("onnx") is not None
