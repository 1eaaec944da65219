"""Best batch sizes, latency bounds and the answer."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from infer_compare.report import document
from infer_compare.report.sentences.answers import best_sentence, bound_sentences, evidence_words, sentences
from infer_compare.report.sentences.outcomes import obstacle_words
from infer_compare.report.sentences.shapes import shape_sentence
from infer_compare.report.sentences.verdicts import pair_sentence, reason_words
from infer_compare.results import OperatingPoint, OutOfMemory
from infer_compare.verdicts import Answer, Summary, Verdict, summarise
from infer_compare.verdicts.best import to_confirm
from infer_compare.verdicts.figures import figures
from infer_compare.verdicts.measurements import Candidate, Measurements

SIZES = [1, 2, 4, 8, 16, 32, 64]


def line(fixed: float, each: float, sizes: list[int] = SIZES) -> dict[int, float]:
    """Milliseconds of a call by batch size."""
    return {size: fixed + each * size for size in sizes}


def points(*sizes: int) -> tuple[OperatingPoint, ...]:
    """Operating points of those batch sizes."""
    return tuple(map(OperatingPoint, sizes))


def answer(run) -> Answer:
    """The answer of a run."""
    return summarise(run).answer


def test_the_smallest_of_the_tied_sizes_is_recommended(synthetic) -> None:
    """32 and 64 are within half the margin of 128; 16 is not."""
    curve = {8: 8 / 700, 16: 16 / 900, 32: 32 / 991, 64: 64 / 995, 128: 128 / 1000}
    run = synthetic({"onnx": {size: 1e3 * seconds for size, seconds in curve.items()}}, sigma=0.002).build()
    found = answer(run).recommended
    assert found is not None
    assert found.point == OperatingPoint(32)
    assert found.tied == points(32, 64, 128)
    assert found.figures.throughput == pytest.approx(991, rel=0.01)
    assert not found.confirmed
    assert not found.largest_tried
    assert "batch 64 and batch 128 gain less than 1.5 %; the smaller batch is recommended" in best_sentence(found)


@pytest.mark.parametrize("sigma", [0.002, 0.01])
def test_noise_ties_no_size_that_is_behind(synthetic, sigma) -> None:
    """A size 8 % behind is not recommended only because the noise hides that it is."""
    curve = {16: 16 / 700, 32: 32 / 925, 64: 64 / 1000}
    milliseconds = {size: 1e3 * seconds for size, seconds in curve.items()}
    found = answer(synthetic({"onnx": milliseconds}, sigma=sigma, restarts=2, seed=9).build()).recommended
    assert found is not None
    assert found.tied == points(64)
    assert found.largest_tried
    assert best_sentence(found).endswith("no larger size was measured")


def test_fresh_rounds_decide_and_are_reported(synthetic) -> None:
    """The sweep flattered 64; its fresh rounds show what it is."""
    sweep = {8: 11.0, 16: 16.0, 32: 31.0, 64: 58.0}
    fresh = {16: 16.0, 32: 30.0, 64: 70.0}
    run = synthetic(
        {"onnx": sweep}, confirm=[16, 32, 64], confirm_latencies={"onnx": fresh}, sigma=0.002, jitter=0.002
    ).build()
    found = answer(run).recommended
    assert found is not None
    assert found.confirmed
    assert (found.point, found.fastest) == (OperatingPoint(32), OperatingPoint(32))
    assert found.figures.throughput == pytest.approx(32 / 0.030, rel=0.01)
    assert found.figures.slices == 8
    assert "(confirmed by fresh rounds)" in best_sentence(found)


def test_a_size_that_every_process_but_the_last_shows_behind_is_not_tied(synthetic) -> None:
    """One process may suit a size by chance; a recommendation rests on all of them."""
    sweep = {8: 11.0, 16: 20.0, 32: 32 / 0.95, 64: 64.0}
    fresh = {32: 32.2, 64: 64.0}
    run = synthetic(
        {"onnx": sweep}, confirm=[32, 64], confirm_latencies={"onnx": fresh}, sigma=0.002, jitter=0.002
    ).build()
    found = answer(run).recommended
    assert found is not None
    assert found.confirmed
    assert found.tied == points(64)


def rates(throughput):
    """Milliseconds of a batch for samples a second."""
    return {size: 1e3 * size / rate for size, rate in throughput.items()}


def test_a_confirmed_size_stands_in_for_a_larger_one_that_is_tied_with_it(synthetic) -> None:
    """On a plateau the last rounds may bring any size to the top."""
    sweep = rates({8: 900, 16: 1000, 32: 1004})
    found = answer(synthetic({"onnx": sweep}, confirm=[8, 16], sigma=0.001, jitter=0.001).build()).recommended
    assert found is not None
    assert found.confirmed
    assert found.point == OperatingPoint(16)


@pytest.mark.parametrize(("size", "rate"), [(32, 1000), (8, 970)], ids=["larger", "behind"])
def test_no_size_stands_in_for_one_that_is_smaller_or_better(synthetic, size, rate) -> None:
    """The one that leads would be the better choice, and nothing fresh is known of it."""
    sweep = rates({16: 1004, size: rate})
    found = answer(synthetic({"onnx": sweep}, confirm=[size], sigma=0.001, jitter=0.001).build()).recommended
    assert found is not None
    assert not found.confirmed


def test_a_size_that_was_not_measured_again_does_not_pass_one_whose_fresh_rounds_are_lower(synthetic) -> None:
    """They were lower for all: side by side, the confirmed one was ahead."""
    sweep, fresh = rates({16: 1000, 32: 980}), rates({16: 900})
    run = synthetic({"onnx": sweep}, confirm=[16], confirm_latencies={"onnx": fresh}, sigma=0.001, jitter=0.001).build()
    found = answer(run).recommended
    assert found is not None
    assert found.confirmed
    assert found.point == OperatingPoint(16)
    assert found.figures.throughput == pytest.approx(900, rel=0.01)


def test_fresh_rounds_at_another_contenders_sizes_confirm_nothing(synthetic) -> None:
    """Torch ran in the rounds that confirmed onnx at 64, but is best at 8."""
    curves = {"onnx": line(1, 0.1), "torch": {**line(2, 0.2), 8: 0.9}}
    found = answer(synthetic(curves, confirm=[64]).build())
    best = {one.contender: one for one in found.by_contender}
    assert best["onnx"].confirmed
    assert not best["torch"].confirmed
    assert best["torch"].point == OperatingPoint(8)


def test_the_sizes_to_confirm_include_the_smallest_tied_one(synthetic) -> None:
    """The plateau has four sizes; the smallest would be recommended, so it must be confirmed."""
    curve = {size: 1e3 * size / rate for size, rate in {4: 600, 8: 990, 16: 993, 32: 996, 64: 1000}.items()}
    run = synthetic({"onnx": curve}, sigma=0.001, jitter=0.001).build()
    table = {Candidate("onnx", one.point): figures(one) for one in run.points}
    index = Measurements(run.rounds, run.header.budget_of)
    assert to_confirm("onnx", run.points, table, index) == points(8, 32, 64)
    assert to_confirm("torch", run.points, table, index) == ()


def test_best_is_held_against_best(synthetic) -> None:
    """Across different batch sizes, paired by pass."""
    curves = {"torch": line(4, 0.3, SIZES[:5]), "onnx": line(1, 0.1)}
    found = answer(synthetic(curves).build())
    assert found.recommended is not None
    assert found.recommended.contender == "onnx"
    (pair,) = found.headline
    assert pair.verdict is Verdict.FASTER
    assert pair.comparison is not None
    assert pair.comparison.ratio == pytest.approx((64 / 7.4) / (16 / 8.8), rel=0.02)
    assert pair_sentence(pair).startswith("onnx at batch 64 is 4.7")


def test_headline_verdicts_are_adjusted_as_one_family(synthetic) -> None:
    """A difference of 4 % that one comparison would show is withdrawn among five."""
    curves = {f"c{index}": {8: 1.0 if index == 0 else 1.045 + 0.001 * index} for index in range(6)}
    build = {"tau": 0.01, "sigma": 0.004, "seed": 2}
    alone = answer(synthetic(dict(list(curves.items())[:2]), **build).build()).headline[0]
    family = answer(synthetic(curves, **build).build()).headline
    assert alone.verdict is Verdict.FASTER
    assert alone.comparison is not None
    assert alone.adjusted_p == alone.comparison.p_value
    withdrawn = [pair for pair in family if "for one of 5 contenders" in reason_words(pair)]
    assert withdrawn
    for pair in family:
        assert pair.comparison is not None
        assert pair.adjusted_p is not None
        assert pair.adjusted_p >= pair.comparison.p_value
        assert (pair.verdict is Verdict.FASTER) == (pair.adjusted_p <= 0.01)


def test_a_large_difference_that_settled_early_survives_adjustment(synthetic) -> None:
    """Two restarts and one batch size leave the t test one degree of freedom; the guard speaks for it."""
    curves = {f"c{index}": {8: 1.0 + index} for index in range(6)}
    found = answer(synthetic(curves, restarts=2, rounds=2, tau=0.03).build())
    assert [pair.verdict for pair in found.headline] == [Verdict.FASTER] * 5


def test_a_contender_that_is_not_beaten_is_told(synthetic) -> None:
    """The recommendation does not hide that another does as well."""
    found = answer(synthetic({"onnx": {8: 1.0}, "torch": {8: 1.004}}, sigma=0.002).build())
    (pair,) = found.headline
    assert (pair.b.label, pair.verdict) == ("torch", Verdict.SAME)
    assert any(sentence.startswith("no difference beyond 3 %") for sentence in sentences(found))


def bounded(milliseconds: float, percentile: float = 95.0) -> dict[str, object]:
    """A plan with a latency bound."""
    return {"latency_bound_ns": int(milliseconds * 1e6), "percentile": percentile}


def test_a_bound_leaves_the_best_and_the_largest_size_that_are_shown_to_hold(synthetic) -> None:
    """Onnx at 32 takes 4.2 ms; 64 is too slow; torch holds at 2."""
    curves = {"onnx": line(1, 0.1), "torch": line(3, 0.8)}
    found = answer(synthetic(curves, plan=bounded(5)).build()).bound
    assert found is not None
    assert found.best is not None
    assert (found.best.contender, found.best.point) == ("onnx", OperatingPoint(32))
    assert {one.contender: one.point.batch for one in found.largest} == {"onnx": 32, "torch": 2}
    first, second = bound_sentences(found)
    assert first.startswith("p95 within 5.00 ms: onnx at batch 32, the largest size shown to hold, is best with ")
    assert first.endswith("(95 % sure: 0 of 384 calls above it)")
    assert second.startswith("p95 within 5.00 ms: the largest size of torch shown to hold is batch 2")


def test_a_bound_is_not_shown_by_too_few_calls(synthetic) -> None:
    """Forty calls below the bound show p90 and not p95: that needs 59."""
    run = {"restarts": 1, "rounds": 2, "calls": 10, "jitter": 0.02}
    p95 = answer(synthetic({"onnx": {1: 1.0}}, plan=bounded(5), **run).build()).bound
    p90 = answer(synthetic({"onnx": {1: 1.0}}, plan=bounded(5, 90), **run).build()).bound
    assert p90 is not None
    assert p90.best is not None
    assert p95 is not None
    assert p95.best is None
    (sentence,) = bound_sentences(p95)
    assert sentence.startswith("p95 within 5.00 ms: none was shown to hold; nearest is onnx at batch 1 with ")
    assert sentence.endswith("(0 of 40 calls above it; 59 independent ones would be needed)")


def test_a_bound_that_is_missed_is_not_a_matter_of_more_calls(synthetic) -> None:
    """Every call is above it."""
    found = answer(synthetic({"onnx": {1: 9.0}}, plan=bounded(5)).build()).bound
    assert found is not None
    assert found.checks[0].hopeless
    assert bound_sentences(found)[0].endswith("(384 of 384 calls above it)")


def test_calls_that_violate_a_bound_together_count_as_few(synthetic) -> None:
    """One slow slice in thirty-two is 3 % of the calls, but they are worth one or two: p90 is not shown by the rest."""

    def slow(_label: str, _size: int, restart: int, number: int, position: int) -> float:
        return 9.0 if (restart, number, position) == (2, 1, 0) else 1.0

    clustered = answer(synthetic({"onnx": {1: 1.0}}, slowdown=slow, plan=bounded(5, 90)).build()).bound
    assert clustered is not None
    (check,) = clustered.checks
    assert (check.calls, check.over) == (384, 12)
    assert check.calls_effective < 60
    assert not check.holds
    assert not check.hopeless
    assert "worth" in evidence_words(check)


def test_blocks_of_calls_are_called_so(synthetic) -> None:
    """Their means hide single calls."""
    run = synthetic({"onnx": {1: 1.0}}, plan=bounded(5), slice_changes={"calls_per_stamp": 10}).build()
    found = answer(run).bound
    assert found is not None
    assert found.checks[0].blocks
    assert "blocks of calls above it" in bound_sentences(found)[0]


def test_without_any_measurement_there_is_an_answer_that_says_so(synthetic) -> None:
    """Everything ran out of memory, or every slice was refused."""
    outcome = OutOfMemory(reason="1 GiB asked", evidence="raised", phase="explore")
    broken = synthetic({"onnx": {1: 1.0}}, outcomes={("onnx", 1): outcome}, plan=bounded(5)).build()
    disturbed = synthetic({"onnx": {1: 1.0}}, reject=lambda *_: True, plan=bounded(5)).build()
    for run, reason in ((broken, "it ran out of memory (1 GiB asked) at batch 1"), (disturbed, "every slice was dis")):
        found = summarise(run)
        assert found.answer.recommended is None
        assert sentences(found.answer)[0] == "no contender was measured, so nothing is recommended"
        assert sentences(found.answer)[1].endswith("none was shown to hold, since nothing was measured")
        assert obstacle_words(found.excluded[0].obstacle).startswith(reason)


def test_a_contender_that_computes_something_else_is_not_ranked(synthetic) -> None:
    """However fast it is; its figures stay."""
    run = synthetic({"wrong": line(0.1, 0.01), "onnx": line(1, 0.1)}, differs=["wrong"]).build()
    found = summarise(run)
    assert [one.contender for one in found.answer.by_contender] == ["onnx"]
    assert obstacle_words(found.excluded[0].obstacle).startswith("its outputs differ")
    assert {one.verdict for one in found.pairs} == {Verdict.INVALID}
    assert {one.contender for one in found.figures} == {"wrong", "onnx"}


def test_each_setting_of_other_axes_has_its_own_answer(synthetic) -> None:
    """A shorter sequence is no better batch size."""
    run = synthetic({"onnx": line(1, 0.1)}).build()

    def stretched(length: int):
        def at(point: OperatingPoint) -> OperatingPoint:
            return OperatingPoint(point.batch, (("seq", length),))

        probes = [msgspec.structs.replace(one, point=at(one.point)) for one in run.probes]
        rounds = [
            msgspec.structs.replace(
                one,
                point=at(one.point),
                warm_ups=(),
                slices=tuple(
                    msgspec.structs.replace(
                        piece, durations_ns=tuple(length // 128 * value for value in piece.durations_ns)
                    )
                    for piece in one.slices
                ),
            )
            for one in run.rounds
        ]
        return probes, rounds

    short, long = stretched(128), stretched(512)
    both = msgspec.structs.replace(run, probes=(*short[0], *long[0]), rounds=(*short[1], *long[1]))
    found = summarise(both)
    assert [one.axes for one in found.answers] == [(("seq", 128),), (("seq", 512),)]
    rates = [one.recommended.figures.throughput for one in found.answers if one.recommended]
    assert rates[0] == pytest.approx(4 * rates[1], rel=0.01)
    assert sentences(found.answers[1])[0].startswith("seq 512: onnx does best at batch 64, seq 512")
    assert len(found.shapes) == 2


def test_the_shape_of_every_curve_is_told(synthetic) -> None:
    """The knee in numbers."""
    found = summarise(synthetic({"onnx": line(0.31, 0.12), "torch": {1: 1.0, 2: 1.5}}, sigma=0.001).build())
    told = {one.contender: shape_sentence(one) for one in found.shapes}
    assert told["onnx"].startswith("onnx: fixed cost 0.31 ms, 0.12 ms a sample; reaches half of its peak at batch 3")
    assert told["torch"] == "torch: latency follows no straight line over three sizes"


def test_notes_tell_what_limits_the_figures(synthetic, noted) -> None:
    """Recorded conditions, then flags of points, each with its sizes."""
    run = synthetic(
        {"torch": {1: 1.0, 2: 2.0}},
        provenance={"torch": "imported"},
        schedstat=False,
        steady=False,
        diagnostics=noted(system_ns=30_000_000, minor_faults=15 * 1376, active_threads=4),
    ).build()
    notes = {one.topic: one.text for one in document(msgspec.structs.replace(run, closing=None)).notes}
    assert set(notes) == {
        "interrupted",
        "contention",
        "imported",
        "not_steady",
        "page_fault_bound",
        "oversubscribed",
    }  # fmt: skip
    assert notes["page_fault_bound"].endswith("at batch 1 (1,376 a call) and batch 2 (1,376 a call)")
    assert notes["oversubscribed"] == "torch uses more threads than there are cores at batch 1 (4) and batch 2 (4)"


def test_a_summary_is_plain_data(synthetic) -> None:
    """It survives JSON, and no figure is a NaN or an infinity."""
    curves = {"onnx": line(1, 0.1), "torch": line(3, 0.8), "tf": line(2, 0.1)}
    run = synthetic(curves, tau=0.02, confirm=[16, 32, 64], plan=bounded(5), restarts=3).build()
    found = summarise(run)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Summary) == found
    stack: list[object] = [msgspec.to_builtins(found)]
    while stack:
        value = stack.pop()
        stack += value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
        assert not isinstance(value, float) or np.isfinite(value)


def test_any_prefix_of_a_run_has_a_summary(synthetic) -> None:
    """A report can be made of whatever was recorded."""
    run = synthetic({"onnx": line(1, 0.1), "torch": line(3, 0.8)}, plan=bounded(5)).build()
    for count in range(0, len(run.rounds), 5):
        found = summarise(msgspec.structs.replace(run, rounds=run.rounds[:count]))
        assert len(found.pairs) == len(SIZES)
        assert all(pair_sentence(pair) for pair in found.pairs)
        assert all(sentences(found.answer))
    assert summarise(msgspec.structs.replace(run, rounds=(), probes=())).pairs == ()


def test_a_large_run_is_summarised_from_one_index(synthetic, monkeypatch) -> None:
    """Six contenders at twelve sizes: every slice is read once, however many pairs and answers look at it."""
    from infer_compare.verdicts import figures as figures_module
    from infer_compare.verdicts import measurements as measurements_module
    from infer_compare.verdicts.reading import read

    reads: list[int] = []

    def counting(piece, restart=0):
        reads.append(id(piece))
        return read(piece, restart)

    monkeypatch.setattr(measurements_module, "read", counting)
    monkeypatch.setattr(figures_module, "read", counting)
    sizes = [2**power for power in range(12)]
    curves = {f"c{index}": line(1, 0.1 * (index + 1), sizes) for index in range(6)}
    run = synthetic(curves, plan=bounded(5)).build()
    found = summarise(run)
    assert len(found.pairs) == 15 * 12
    assert len(found.figures) == 72
    assert len(reads) == len(set(reads)) == sum(len(one.slices) for one in run.rounds)


def test_a_note_names_the_plugin_that_imported_a_model(synthetic) -> None:
    """The built-in importers need no name."""
    imported = {"torch": "imported", "onnx": "imported"}
    run = synthetic({"torch": {1: 1.0}, "onnx": {1: 2.0}}, provenance=imported).build()
    starts = tuple(
        msgspec.structs.replace(start, importer="infer-compare-mine") if start.contender == "torch" else start
        for start in run.starts
    )
    texts = [
        note.text for note in document(msgspec.structs.replace(run, starts=starts)).notes if note.topic == "imported"
    ]
    assert any(
        text.startswith("torch was rebuilt from the ONNX graph by infer-compare-mine; a native") for text in texts
    )
    assert any(text.startswith("onnx was rebuilt from the ONNX graph; a native") for text in texts)
