"""What a lower precision, or a split of the cores, brings: a sentence in the answer, and in every format."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from infer_compare.report.document import document
from infer_compare.report.glance import glance
from infer_compare.report.html.reporter import HtmlReporter
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.sentences.variants import split_sentence
from infer_compare.report.text import TextReporter
from infer_compare.results import Limit
from infer_compare.verdicts import Verdict

INT8 = {"onnx": {1: 0.9, 2: 1.3, 4: 2.0, 8: 3.6}, "onnx:precision=int8": {1: 0.4, 2: 0.6, 4: 0.9, 8: 1.5}}
PRECISION = {"asked": {"onnx:precision=int8": {"precision": "int8"}}, "precisions": {"onnx:precision=int8": "int8"}}
PAIR, ONE = "onnx:threads=1,instances=2", "onnx:threads=2"
SPLITS = {PAIR: {1: 0.4, 2: 0.7, 4: 1.3, 8: 2.6}, ONE: {1: 0.5, 2: 0.8, 4: 1.5, 8: 2.9}}
SPLIT = {PAIR: {"threads": 1, "instances": 2}, ONE: {"threads": 2}}


def limit(label, largest, failing=None):
    """As a search found it."""
    return Limit(
        contender=label,
        largest_fitting=largest,
        smallest_failing=failing,
        verified=True,
        reason="" if failing else "the largest size that was to be tried",
        probes=9,
        elapsed_s=4.0,
    )


def limited(story, own, other, **changes):
    """The document of a run that searched for the largest batch in int8 and in float32."""
    limits = (limit("onnx", *other), limit("onnx:precision=int8", *own))
    plan = {"find_limit": True}
    return document(story(**{"curves": INT8, **PRECISION, **changes}, extra=limits, plan=plan).run())


def gain(made):
    """The one sentence about a precision."""
    return made.answers[0].gains[0].sentence


def test_the_answer_says_how_much_larger_a_batch_a_lower_precision_allows_and_what_it_brings(story):
    """Against the highest precision of the same backend."""
    made = limited(story, (1423, 1424), (912, 913))
    assert gain(made) == (
        "onnx in int8 fits batch 1,423 where float32 fits 912 (1.56x), and is 2.40x faster at its best batch"
    )
    assert gain(made) in glance(made)
    found = json.loads(JsonReporter().render(made))["answers"][0]["gains"][0]
    assert (found["largest"], found["base_largest"], found["larger"]) == (1423, 912, pytest.approx(1.56, abs=0.01))
    for reporter in (TextReporter(), MarkdownReporter(), HtmlReporter()):
        assert "fits batch 1,423 where float32 fits 912" in " ".join(reporter.render(made).split())


@pytest.mark.parametrize(
    ("own", "other", "words"),
    [
        ((1423,), (912, 913), "fits batch 1,423 or more where float32 fits 912, and"),
        ((912, 913), (912, 913), "fits no larger batch than float32 (912), and"),
        ((800, 801), (912, 913), "fits batch 800 where float32 fits 912 (0.88x), and"),
        ((12, 13), (None, 1), "fits batch 12 where float32 does not fit at all, and"),
        ((None, 1), (12, 13), "does not fit, and float32 fits 12, and"),
    ],
)
def test_limits_that_are_open_or_equal_are_said_so(story, own, other, words):
    """Without a ratio where one of them is not known."""
    assert words in gain(limited(story, own, other))


@pytest.mark.parametrize(("own", "other"), [((16,), (16,)), ((1423, 1424), (912,)), ((128,), (912, 913))])
def test_nothing_is_said_where_a_search_ended_too_early(story, own, other):
    """The time was used up, or the largest size that was to be tried fits."""
    assert limited(story, own, other).answers[0].gains == ()


def test_a_lower_precision_that_is_slower_is_said_to_be(story):
    """A larger batch brings nothing then."""
    slow = {"onnx": INT8["onnx"], "onnx:precision=int8": {size: 2 * ms for size, ms in INT8["onnx"].items()}}
    assert gain(limited(story, (1423, 1424), (912, 913), curves=slow)).endswith("but is 2.00x slower at its best batch")


def test_a_search_for_limits_alone_says_nothing_of_speed(story):
    """Nothing was timed."""
    made = limited(story, (1423, 1424), (912, 913), rounds=0)
    assert gain(made) == "onnx in int8 fits batch 1,423 where float32 fits 912 (1.56x)"


def test_contenders_with_other_options_are_not_held_against_each_other(story):
    """Their batches may differ for another reason."""
    asked = {"onnx:precision=int8": {"precision": "int8", "options": {"graph_optimization": "basic"}}}
    made = limited(story, (1423, 1424), (912, 913), asked=asked)
    assert made.answers[0].gains == ()


def test_the_answer_says_which_split_of_the_cores_serves_most_samples(story):
    """With the 95th percentile of both."""
    made = document(story(curves=SPLITS, asked=SPLIT).run())
    (found,) = made.answers[0].splits
    assert found.sentence == (
        "onnx: 2 instances of 1 thread at batch 4 serve most samples: 1.12x over 1 instance of 2 threads, "
        "p95 1.3 ms instead of 2.9 ms"
    )
    assert found.sentence in glance(made)
    assert [(split.threads, split.instances, split.oversubscribed) for split in found.splits] == [
        (1, 2, False),
        (2, 1, False),
    ]


def test_splits_that_are_alike_are_said_to_be(story):
    """Neither serves more."""
    alike = {PAIR: SPLITS[PAIR], ONE: SPLITS[PAIR]}
    (found,) = document(story(curves=alike, asked=SPLIT).run()).answers[0].splits
    assert "as many samples as" in found.sentence


def test_a_split_that_is_behind_in_the_rounds_of_both_is_not_said_to_serve_most(story):
    """Whatever its best figure is."""
    made = document(story(curves=SPLITS, asked=SPLIT).run())
    first, other = made.answers[0].splits[0].splits
    pair = next(one for one in made.pairs if one.comparison is not None)
    behind = replace(pair, verdict=Verdict.INCONCLUSIVE, comparison=replace(pair.comparison, ratio=0.96))
    words = split_sentence("onnx", first, other, behind, (first, other))
    assert "2 instances of 1 thread at batch 4 are not shown to serve more samples than" in words
    assert "0.96x in the rounds of both" in words


def test_a_split_of_more_threads_than_cores_is_marked(story):
    """In the sentence and in the document."""
    asked = {PAIR: {"threads": 4, "instances": 2}, ONE: {"threads": 2}}
    (found,) = document(story(curves=SPLITS, asked=asked).run()).answers[0].splits
    assert "2 instances of 4 threads (oversubscribed: 8 threads) at batch 4" in found.sentence
    assert found.splits[0].oversubscribed


def test_threads_alone_are_said_without_instances(story):
    """Where each contender is one."""
    curves = {"onnx:threads=2": SPLITS[PAIR], "onnx:threads=1": SPLITS[ONE]}
    asked = {"onnx:threads=2": {"threads": 2}, "onnx:threads=1": {"threads": 1}}
    (found,) = document(story(curves=curves, asked=asked).run()).answers[0].splits
    assert found.sentence.startswith("onnx: 2 threads at batch 4 serve most samples: 1.12x over 1 thread, p95")


def test_contenders_of_equal_splits_have_no_sentence_about_them(story):
    """Nor have those of different backends."""
    assert document(story().run()).answers[0].splits == ()
