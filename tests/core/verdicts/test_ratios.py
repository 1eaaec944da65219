"""Ratios, contrasts and pair verdicts."""

from __future__ import annotations

from math import exp, log

import msgspec
import pytest

from infer_compare.report.sentences.verdicts import pair_sentence, reason_words
from infer_compare.results import Died, OperatingPoint, OutOfMemory, Skipped, Unusable
from infer_compare.verdicts import PairVerdict, Verdict, compare_points
from infer_compare.verdicts.contrast import PairedRounds, SeparateRounds
from infer_compare.verdicts.evidence import Family
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.penalties import PENALTIES
from infer_compare.verdicts.ratios import compare

ONE, EIGHT = OperatingPoint(1), OperatingPoint(8)


def verdict(run, a: str = "onnx", b: str = "torch", point: OperatingPoint = EIGHT, **fields) -> PairVerdict:
    """The verdict on two contenders."""
    return compare_points(run, a, b, point, **fields)


def both(onnx: float, torch: float, size: int = 8) -> dict[str, dict[int, float]]:
    """Two contenders at one batch size."""
    return {"onnx": {size: onnx}, "torch": {size: torch}}


def test_the_ratio_is_the_mean_of_paired_logarithms(synthetic) -> None:
    """Of the medians of two slices each, with the t interval over restarts, moderated by what is expected of them."""
    run = synthetic(both(1.0, 5.31)).build()
    contrast = Measurements(run.rounds, run.header.budget_of).contrast(
        Candidate("onnx", EIGHT), Candidate("torch", EIGHT)
    )
    assert isinstance(contrast, PairedRounds)
    assert [len(group) for group in contrast.groups] == [4, 4, 4, 4]
    for one, found in zip(run.rounds, [value for group in contrast.groups for value in group], strict=True):
        logs = {"onnx": 0.0, "torch": 0.0}
        for piece in one.slices:
            middle = sorted(piece.durations_ns)[5:7]
            logs[piece.contender] += log(sum(middle) / 2) / 2
        assert found == pytest.approx(logs["torch"] - logs["onnx"])
    means = [sum(group) / 4 for group in contrast.groups]
    # One point has three degrees of freedom of its own; the expectation of 1.5 % counts for one.
    from scipy import stats

    variance = (0.015**2 + 3 * stats.tvar(means)) / 4
    half = stats.t.ppf(0.975, 4) * (variance / 4) ** 0.5
    found = compare(contrast, Family((contrast,)).evidence(contrast))
    assert found.ratio == pytest.approx(exp(sum(means) / 4))
    assert found.high == pytest.approx(found.ratio * exp(half))
    assert found.low == pytest.approx(found.ratio * exp(-half))
    assert found.scatter == pytest.approx(exp(variance**0.5) - 1)
    assert (found.basis, found.df) == ("restarts", 4)


def test_accepted_contention_widens_the_interval(synthetic, noted) -> None:
    """By threads x the mean wait share of the accepted slices of both."""
    waiting = noted(run_delay_ns=2_400_000, foreign_ns=2_400_000)
    share = waiting.wait_share
    quiet, light = (
        compare_points(synthetic(both(1.0, 2.0), diagnostics=one).build(), "onnx", "torch", EIGHT).comparison
        for one in (noted(), waiting)
    )
    assert quiet is not None
    assert light is not None
    assert quiet.allowance == 0
    assert light.allowance == pytest.approx(2 * share)
    assert quiet.high is not None
    assert light.high == pytest.approx(quiet.high * exp(2 * share))


def test_only_clean_rounds_count(synthetic) -> None:
    """A round in which either was disturbed is left out of the ratio, and its slices are counted as rejected."""
    run = synthetic(
        both(1.0, 2.0),
        reject=lambda label, restart, number: label == "torch" and number == 3,
        slowdown=lambda label, _size, _restart, number, _position: 100.0 if (label, number) == ("torch", 3) else 1.0,
    ).build()
    found = verdict(run)
    assert found.comparison is not None
    assert found.comparison.rounds == 12
    assert found.comparison.rejected == pytest.approx(1 / 8)
    assert found.comparison.ratio == pytest.approx(2, rel=0.02)


def test_few_restarts_borrow_the_spread_of_other_points(synthetic) -> None:
    """Workers that are fast or slow at every size tell of one luck; sizes that scatter by themselves tell of many."""
    sizes = [1, 2, 4, 8, 16, 32, 64, 128]
    curves = {"onnx": dict.fromkeys(sizes, 1.0), "torch": dict.fromkeys(sizes, 2.0)}
    shared = verdict(synthetic(curves, restarts=2, tau=0.02, sigma=0.0, jitter=0.0).build()).comparison
    apart = verdict(synthetic(curves, restarts=2, tau=0.0, sigma=0.02).build()).comparison
    assert shared is not None
    assert apart is not None
    assert (shared.restarts, shared.basis) == (2, "pooled restarts")
    assert shared.df == pytest.approx(2, abs=0.01)
    assert apart.df > 4


def test_a_single_round_has_a_ratio_and_no_interval() -> None:
    """None, never a NaN; every ratio is still possible."""
    single = PairedRounds(groups=((log(2),),))
    found = compare(single, Family((single,)).evidence(single))
    assert found.ratio == pytest.approx(2)
    assert (found.low, found.high, found.half_width, found.basis, found.df, found.p_value) == (None,) * 6
    assert found.includes(1.0)
    assert found.turned().ratio == pytest.approx(0.5)


def test_contenders_measured_in_separate_groups_are_compared_unpaired(synthetic) -> None:
    """Welch's interval over rounds or restart means, and the sentence says so."""
    curves = both(1.0, 3.0)
    apart = [synthetic({label: curve}, seed=seed).build() for seed, (label, curve) in enumerate(curves.items())]
    whole = synthetic(curves).build()
    run = msgspec.structs.replace(whole, rounds=apart[0].rounds + apart[1].rounds)
    contrast = Measurements(run.rounds, run.header.budget_of).contrast(
        Candidate("onnx", EIGHT), Candidate("torch", EIGHT)
    )
    assert isinstance(contrast, SeparateRounds)
    found = verdict(run)
    assert found.verdict is Verdict.FASTER
    assert found.comparison is not None
    assert not found.comparison.paired
    assert "measured in separate groups" in pair_sentence(found)


def test_a_difference_is_told_with_the_faster_one_first(synthetic) -> None:
    """Whichever was asked about."""
    run = synthetic(both(1.0, 5.31), tau=0.005).build()
    found, opposite = verdict(run), verdict(run, "torch", "onnx")
    assert (found.verdict, opposite.verdict) == (Verdict.FASTER, Verdict.SLOWER)
    assert pair_sentence(found) == pair_sentence(opposite)
    assert pair_sentence(found).startswith("onnx is 5.3")
    assert pair_sentence(found).endswith("] (16 rounds, 4 restarts, 0 % of slices rejected)")
    assert found.settled_after == 2


def test_an_unresolved_size_is_told_roughly(synthetic) -> None:
    """The direction is sure, the interval is wider than 20 %."""
    run = synthetic(both(1.0, 7.0), restarts=3, sigma=0.3, tau=0.2).build()
    found = verdict(run)
    assert found.verdict is Verdict.FASTER
    assert found.comparison is not None
    assert found.comparison.half_width is not None
    assert found.comparison.half_width > 0.2
    assert pair_sentence(found).startswith("onnx is roughly ")
    assert "x faster than torch [" in pair_sentence(found)


def test_equal_contenders_are_the_same(synthetic) -> None:
    """Within the margin, with the evidence."""
    found = verdict(synthetic(both(1.0, 1.005)).build())
    assert found.verdict is Verdict.SAME
    assert pair_sentence(found).startswith("no difference beyond 3 % between onnx and torch: ratio 1.0")


@pytest.mark.parametrize(
    ("mode", "restarts", "advice"),
    [
        ("quick", 3, "a run without --quick"),
        ("default", 4, "more restarts (--thorough)"),
        ("default", 2, "more restarts with clean rounds"),
        ("thorough", 8, "a quieter machine"),
    ],
)
def test_without_a_verdict_the_sentence_says_what_would_show_one(synthetic, mode, restarts, advice) -> None:
    """The estimates are given all the same."""
    run = synthetic(both(1.0, 1.04), tau=0.05, restarts=restarts, plan={"mode": mode}).build()
    found = verdict(run)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.comparison is not None
    assert any(figure in pair_sentence(found) for figure in (": ratio 1.", ": ratio 0.", ": measured 1."))
    assert pair_sentence(found).endswith(f"{advice} could settle it")


def test_a_noisy_host_is_named_with_its_culprit(synthetic) -> None:
    """Where many slices were rejected, the process that took most during them is told."""
    run = synthetic(both(1.0, 1.04), tau=0.05, reject=lambda label, restart, number: number > 1).build()
    assert "a quieter machine (python, pid 123, 98 % of a core)" in pair_sentence(verdict(run))


def test_no_clean_round_is_no_verdict(synthetic) -> None:
    """Everything was disturbed."""
    run = synthetic(both(1.0, 5.0), reject=lambda *_: True).build()
    found = verdict(run)
    assert (found.verdict, found.comparison) == (Verdict.INCONCLUSIVE, None)
    assert pair_sentence(found) == (
        "onnx and torch cannot be compared: there is no clean round of both; a quieter machine "
        "(python, pid 123, 98 % of a core) or fewer threads could show a difference"
    )


def test_a_pair_that_was_explored_only_is_not_blamed_on_the_host(synthetic) -> None:
    """The run ended before its first round."""
    run = msgspec.structs.replace(synthetic(both(1.0, 5.0)).build(), rounds=())
    assert pair_sentence(verdict(run)) == "onnx and torch cannot be compared: no round of both was measured"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"differs": ["torch"]}, "its outputs differ from those of reference at batch 1: an output is 0.2 off"),
        (
            {"outcomes": {("torch", 8): OutOfMemory(reason="1 GiB asked", evidence="raised", phase="explore")}},
            "torch ran out of memory (1 GiB asked) at batch 8",
        ),
        (
            {"outcomes": {("torch", 8): Died(exit_code=-11, signal="SIGSEGV", phase="explore")}},
            "torch died of SIGSEGV at batch 8",
        ),
        ({"outcomes": {("torch", 8): Skipped(reason="no operator")}}, "torch was not run (no operator) at batch 8"),
    ],
)
def test_what_cannot_be_compared_is_invalid_and_says_why(synthetic, changes, reason) -> None:
    """Different functions, and points that did not run."""
    found = verdict(synthetic(both(1.0, 5.0), **changes).build())
    assert found.verdict is Verdict.INVALID
    assert reason in pair_sentence(found)


def test_a_contender_that_never_started_is_invalid(synthetic) -> None:
    """As is a point that nobody planned."""
    run = synthetic(both(1.0, 5.0)).build()
    unusable = Unusable(contender="torch", outcome=Skipped(reason="not installed"))
    found = verdict(msgspec.structs.replace(run, unusable=(unusable,)))
    assert reason_words(found) == "torch was not run (not installed)"
    assert reason_words(verdict(run, point=ONE)) == "onnx was not run at batch 1"


def test_an_imported_model_is_named_and_widens_the_margin(synthetic, monkeypatch) -> None:
    """It is imported: a difference within the importer's penalty says nothing about the framework."""
    monkeypatch.setitem(PENALTIES, "torch", {"convolution": 0.15, "attention": 0.01})
    run = synthetic(both(1.0, 1.08), provenance={"torch": "imported"}).build()
    attention = msgspec.structs.replace(run.header.model, kind="attention")
    header = msgspec.structs.replace(run.header, model=attention)
    found = verdict(msgspec.structs.replace(run, header=header))
    assert found.verdict is Verdict.FASTER
    assert "than torch (imported) [" in pair_sentence(found)
    # A kind that was not measured has the largest penalty.
    allowed = verdict(run)
    assert (allowed.verdict, allowed.margin) == (Verdict.SAME, 0.15)
    native = synthetic(both(1.0, 1.08)).build()
    assert verdict(native).verdict is Verdict.FASTER


def test_an_import_that_was_asked_for_stands_for_itself(synthetic, monkeypatch) -> None:
    """Whoever names the route wants to know how fast it is: no wider margin, and no second word that it is imported."""
    monkeypatch.setitem(PENALTIES, "torch", {"convolution": 0.15})
    run = synthetic(both(1.0, 1.08), provenance={"torch": "imported"}).build()
    contenders = tuple(
        msgspec.structs.replace(one, route="imported") if one.label == "torch" else one for one in run.header.contenders
    )
    found = verdict(msgspec.structs.replace(run, header=msgspec.structs.replace(run.header, contenders=contenders)))
    assert (found.verdict, found.margin) == (Verdict.FASTER, run.header.plan.margin)


def test_a_verdict_survives_json(synthetic) -> None:
    """Plain fields only."""
    found = verdict(synthetic(both(1.0, 2.0)).build())
    assert msgspec.json.decode(msgspec.json.encode(found), type=PairVerdict) == found
