"""A throughput that the machine cannot reach is not believed."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare.report.sentences.outcomes import obstacle_words
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.summary import summarise

GIGA = 1e9


def with_figures(run, *, flops_per_sample: int | None, peak_flops: dict[str, float]):
    """The run of a model of known work, on a machine of known peak."""
    header = msgspec.structs.replace(
        run.header,
        model=msgspec.structs.replace(run.header.model, flops_per_sample=flops_per_sample),
        environment=msgspec.structs.replace(run.header.environment, peak_flops=peak_flops),
    )
    return msgspec.structs.replace(run, header=header)


@pytest.fixture
def run(synthetic):
    """Contender a takes 1 ms for a sample and 1.1 ms for four, b takes ten times as long."""
    return synthetic({"a": {1: 1.0, 4: 1.1}, "b": {1: 10.0, 4: 11.0}}).build()


def test_a_contender_beyond_the_machines_peak_is_not_ranked_and_its_verdicts_are_invalid(run):
    """160 MFLOP in 1.1 ms / 4 are 582 GFLOP/s, give or take the noise."""
    summary = summarise(with_figures(run, flops_per_sample=160_000_000, peak_flops={"float32": 100 * GIGA}))
    (excluded,) = summary.excluded
    assert excluded.contender == "a"
    assert "583 GFLOP/s" in obstacle_words(excluded.obstacle)
    assert "batch 4" in obstacle_words(excluded.obstacle)
    assert {pair.verdict for pair in summary.pairs} == {Verdict.INVALID}
    assert summary.answer.recommended.contender == "b"


def test_an_excess_within_the_tolerance_of_the_peak_is_believed(run):
    """The matrix product may not have found the machine's very best."""
    summary = summarise(with_figures(run, flops_per_sample=100_000_000, peak_flops={"float32": 100 * GIGA}))
    assert not summary.excluded
    assert {pair.verdict for pair in summary.pairs} == {Verdict.FASTER}


@pytest.mark.parametrize(
    ("flops", "peaks"), [(None, {"float32": GIGA}), (40_000_000, {}), (40_000_000, {"float64": GIGA})]
)
def test_without_the_work_or_the_peak_of_its_precision_nothing_is_said(run, flops, peaks):
    """An unknown figure accuses nobody."""
    assert not summarise(with_figures(run, flops_per_sample=flops, peak_flops=peaks)).excluded
