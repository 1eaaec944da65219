"""The word of a verdict, its ratio and its interval say the same, whatever was measured and wherever it is read."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from math import exp

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from asked import header
from infer_compare.report import document
from infer_compare.report.csv import CsvReporter
from infer_compare.report.json import JsonReporter
from infer_compare.report.sentences.verdicts import against, pair_sentence, reason_words
from infer_compare.report.text import renderables
from infer_compare.results import OperatingPoint
from infer_compare.verdicts import PairVerdict, Verdict
from infer_compare.verdicts.contrast import PairedRounds, SeparateRounds
from infer_compare.verdicts.evidence import Family
from infer_compare.verdicts.pairs import Side
from infer_compare.verdicts.verdict import pair_verdict

HEADER = header()
A, B = (Side(label=label, name=label, point=OperatingPoint(8)) for label in ("one", "other"))

steps = st.sampled_from([-0.4, -0.06, -0.03, -0.01, 0.0, 0.002, 0.01, 0.03, 0.06, 0.4])
numbers = st.sets(st.integers(1, 8), min_size=1, max_size=5).map(sorted)


@st.composite
def paired(draw: st.DrawFn) -> PairedRounds:
    """Rounds around a ratio, in some of the restarts."""
    level = draw(st.sampled_from([-0.7, -0.1, -0.03, 0.0, 0.03, 0.05, 0.2, 0.6]))
    scale = draw(st.sampled_from([0.0, 0.1, 1.0]))
    restarts = draw(numbers)
    groups = [
        tuple(level + scale * (luck + draw(steps) / 4) for _ in range(draw(st.integers(1, 3))))
        for luck in (draw(steps) for _ in restarts)
    ]
    allowance = draw(st.sampled_from([0.0, 0.01, 0.05]))
    return PairedRounds(groups=tuple(groups), numbers=tuple(restarts), allowance=allowance)


@st.composite
def apart(draw: st.DrawFn) -> SeparateRounds:
    """The same of contenders that were measured in separate groups."""
    one, other = draw(paired()), draw(paired())
    return SeparateRounds(groups_a=one.groups, groups_b=other.groups, allowance=one.allowance)


def check(pair: PairVerdict) -> None:
    """Holds the word against the figures."""
    found, edge = pair.comparison, 1 + pair.margin
    if pair.verdict in {Verdict.INCONCLUSIVE, Verdict.INVALID}:
        assert reason_words(pair)
        assert pair.settled_after is None
        return
    assert not reason_words(pair)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.p_value is not None
    match pair.verdict:
        case Verdict.FASTER:
            assert found.ratio > edge
            assert found.low > 1
        case Verdict.SLOWER:
            assert found.ratio < 1 / edge
            assert found.high < 1
        case Verdict.SAME:
            assert 1 / edge < found.low <= found.ratio <= found.high < edge
            assert found.restarts >= 3
    # The interval and the p-value come from one estimate.
    assert (found.p_value <= 0.05) == (not found.includes(1.0))


@settings(deadline=None, max_examples=40)
@given(
    contrasts=st.lists(st.one_of(paired(), paired(), paired(), apart()), min_size=1, max_size=4),
    mode=st.sampled_from(["quick", "default", "thorough"]),
    margin=st.sampled_from([0.03, 0.067]),
    best=st.booleans(),
)
def test_the_word_agrees_with_the_ratio_and_its_interval(contrasts, mode, margin, best) -> None:
    """FASTER has its interval above 1 and SAME within the margin; what is open has a reason."""
    family = Family(tuple(contrasts))
    plan = header(mode=mode, restarts={"quick": 3, "default": 4, "thorough": 8}[mode])
    for contrast in contrasts:
        pair = pair_verdict(A, B, contrast, family, plan, margin=margin, best=best)
        check(pair)
        sentence, cell = pair_sentence(pair), against(pair)
        words = {
            Verdict.FASTER: ("one is ", "slower"),
            Verdict.SLOWER: ("other is ", "faster"),
            Verdict.SAME: ("no difference beyond ", "same within "),
            Verdict.INCONCLUSIVE: ("not confirmed, because ", "not confirmed")
            if pair.leans
            else ("no difference", "no difference shown"),
        }
        assert words[pair.verdict][0] in sentence
        assert words[pair.verdict][1] in cell
        if pair.leans and pair.withheld is not None:
            # The interval excludes 1 beyond the margin: which rule is not met is said.
            assert any(rule in sentence for rule in ("a verdict needs", "later restarts"))
        assert pair.margin == 0.03 or "6.7 %" in sentence


def test_the_mean_of_a_settled_ratio_is_that_of_its_restarts() -> None:
    """One estimate: the ratio is not that of another mean than the interval's."""
    contrast = PairedRounds(groups=((0.1, 0.1), (0.1, 0.1, 0.1, 0.1), (0.13,)))
    pair = pair_verdict(A, B, contrast, Family((contrast,)), HEADER)
    assert pair.comparison is not None
    assert pair.comparison.ratio == pytest.approx(exp(0.11))
    assert pair.comparison.low is not None
    assert pair.comparison.high is not None
    assert pair.comparison.low * pair.comparison.high == pytest.approx(exp(0.22))


@pytest.mark.parametrize(("seed", "tau", "restarts"), [(1, 0.0, 4), (2, 0.01, 3), (3, 0.03, 3), (4, 0.1, 4)])
def test_every_format_says_the_same_word(synthetic, seed, tau, restarts) -> None:
    """Text, JSON and CSV of one run with three contenders, one of them imported."""
    curves = {"onnx": {1: 1.0, 8: 6.0}, "torch": {1: 1.04, 8: 6.0}, "tf": {1: 1.5, 8: 7.0}}
    mode = "quick" if restarts == 3 else "default"
    run = synthetic(
        curves, seed=seed, tau=tau, restarts=restarts, rounds=2, provenance={"tf": "imported"}, plan={"mode": mode}
    ).build()
    made = document(run)
    told = json.loads(JsonReporter().render(made))
    file = io.StringIO()
    console = Console(file=file, width=200, color_system=None, highlight=False)
    for one in renderables(made, verbose=True):
        console.print(one)
    flat = " ".join(file.getvalue().split())
    pairs = [*made.pairs, *made.answers[0].answer.headline]
    stored = [*told["pairs"], *told["answers"][0]["answer"]["headline"]]
    beaten = defaultdict(set)
    for pair, kept in zip(pairs, stored, strict=True):
        check(pair)
        assert msgspec.convert(kept, PairVerdict) == pair
        assert pair_sentence(pair) in flat
    for pair in made.pairs:
        if pair.verdict in {Verdict.FASTER, Verdict.SLOWER}:
            fast, slow = (pair.a, pair.b) if pair.verdict is Verdict.FASTER else (pair.b, pair.a)
            beaten[fast.label, fast.point.batch].add(slow.label)
    rows = list(csv.DictReader(io.StringIO(CsvReporter().render(made))))
    assert rows
    for row in rows:
        best = len(beaten[row["contender"], int(row["batch"])]) == 2
        assert row["fastest"] == ("true" if best else "false")


def test_an_open_verdict_names_the_scatter_of_restarts(synthetic) -> None:
    """Where it is what hides a difference, with the advice; a calm run has nothing to name."""
    curves = {"onnx": {8: 1.0}, "torch": {8: 1.04}}
    scattered = synthetic(curves, tau=0.05, restarts=3, plan={"mode": "quick"}).build()
    (pair,) = document(scattered).pairs
    assert pair.verdict is Verdict.INCONCLUSIVE
    assert pair.comparison is not None
    assert pair.comparison.scatter is not None
    assert f"restarts scatter by {100 * pair.comparison.scatter:.2g} %; a run without --quick" in pair_sentence(pair)


def test_an_open_verdict_names_the_contention_that_hides_it(synthetic, noted) -> None:
    """An allowance of more than half of the margin is the machine's doing, not the contenders'."""
    waiting = noted(run_delay_ns=1_800_000, foreign_ns=1_800_000)
    run = synthetic({"onnx": {8: 1.0}, "torch": {8: 1.01}}, diagnostics=waiting).build()
    (pair,) = document(run).pairs
    assert pair.verdict is Verdict.INCONCLUSIVE
    assert "other programs widen the interval by 3.0 %" in pair_sentence(pair)
    assert "a quieter machine could settle it" in pair_sentence(pair)
