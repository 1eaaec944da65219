"""What two stored runs say about each other, and when they say nothing."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare import api
from infer_compare.errors import UsageError
from infer_compare.report.comparison import document
from infer_compare.report.comparison.sentences import spoken
from infer_compare.results import Closing, OutOfMemory, Run
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.unpaired.guard import guard
from infer_compare.verdicts.unpaired.points import adjusted, with_verdict
from infer_compare.verdicts.unpaired.ratio import Sample, contrast

OOM = OutOfMemory(reason="cap", evidence="cap", phase="explore")


def compared(base, new, **options):
    """The comparison of two runs, with its sentences."""
    return document(base, new, **options).comparison


def _verdicts(found):
    return {(one.contender, one.point.batch): one.verdict for one in found.points}


def test_two_runs_of_the_same_thing_are_the_same(recorded):
    """At every size, and at the best ones."""
    found = compared(recorded(seed=1).run(), recorded(seed=2).run(), loss=0.05)
    assert set(_verdicts(found).values()) == {Verdict.SAME}
    assert len(found.points) == 6
    assert not found.conditions
    assert not found.missing
    assert not found.guard.tripped
    assert {one.state for one in found.guard.guarded} == {"kept"}


def test_a_contender_that_got_slower_is_slower_and_the_other_is_the_same(recorded, slow):
    """The ratio is of throughputs, new over base."""
    found = compared(recorded(seed=1).run(), recorded(seed=2, curves=slow(0.25)).run(), loss=0.05)
    assert {key[0]: verdict for key, verdict in _verdicts(found).items()} == {
        "onnx": Verdict.SLOWER,
        "torch": Verdict.SAME,
    }
    onnx = found.bests[0]
    assert onnx.ratio.ratio == pytest.approx(0.8, abs=0.02)
    assert onnx.ratio.low < 0.8 < onnx.ratio.high
    assert onnx.adjusted_p < 0.05
    assert [one.state for one in found.guard.guarded] == ["regression", "kept"]


def test_turned_round_the_same_two_runs_are_faster(recorded, slow):
    """And a gain is no regression."""
    found = compared(recorded(seed=2, curves=slow(0.25)).run(), recorded(seed=1).run(), loss=0.05)
    assert found.bests[0].verdict is Verdict.FASTER
    assert not found.guard.tripped


def test_a_loss_within_the_limit_trips_no_guard_though_it_is_slower(recorded, slow):
    """The margin makes verdicts, the limit makes failures."""
    found = compared(recorded(seed=1).run(), recorded(seed=2, curves=slow(0.1)).run(), loss=0.3)
    assert found.bests[0].verdict is Verdict.SLOWER
    assert found.guard.guarded[0].state == "kept"


def test_noise_makes_no_verdict_and_no_regression(recorded, slow):
    """An interval that reaches across margin and limit decides nothing."""
    wild = {"tau": 0.15, "restarts": 3}
    found = compared(recorded(seed=1, **wild).run(), recorded(seed=2, **wild, curves=slow(0.08)).run(), loss=0.05)
    onnx = found.bests[0]
    assert onnx.verdict is Verdict.INCONCLUSIVE
    assert "across the margin of 3 %" in onnx.reason
    assert found.guard.guarded[0].state == "undecided"
    assert not found.guard.tripped


@pytest.mark.parametrize(
    ("base", "new", "where"), [(1, 4, "1 restart in the base"), (4, 1, "1 restart in the new run")]
)
def test_a_single_restart_says_why_it_decides_nothing(recorded, slow, base, new, where):
    """However plain the difference looks; the guard is not tripped, and says that it could not test."""
    found = compared(
        recorded(seed=1, restarts=base).run(), recorded(seed=2, restarts=new, curves=slow(1.0)).run(), loss=0.05
    )
    onnx = found.bests[0]
    assert onnx.verdict is Verdict.INCONCLUSIVE
    assert onnx.ratio.low is None
    assert where in onnx.reason
    assert found.guard.guarded[0].state == "untested"
    assert "could not be tested" in found.guard.guarded[0].sentence
    assert not found.guard.tripped


@pytest.mark.parametrize(
    ("changes", "topic"),
    [
        ({"environment": {"cpu": "Intel Xeon"}}, "processor"),
        ({"environment": {"usable_cores": 1}}, "cores"),
        ({"environment": {"quota_cores": 1.5}}, "cores"),
        ({"environment": {"governor": "powersave"}}, "governor"),
        ({"environment": {"on_battery": True}}, "power"),
        ({"environment": {"hypervisor": "kvm"}}, "hypervisor"),
        ({"environment": {"python": "3.12.1"}}, "Python"),
        ({"environment": {"tool_version": "0.2.0"}}, "infer-compare"),
        ({"environment": {"variables": {"OMP_NUM_THREADS": "1"}}}, "variables"),
        ({"plan": {"threads": 2}}, "threads"),
        ({"plan": {"scope": "end_to_end"}}, "scope"),
        ({"plan": {"inputs": ("x:f32[batch,8]",)}}, "fills"),
        ({"spec": {"options": {"compile": "true"}}}, "options"),
        ({"spec": {"backend": "other"}}, "backend"),
        ({"spec": {"device": "cuda"}}, "device"),
        ({"effective": {"precision": "tf32", "threads": "1"}}, "effective"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_condition_that_decides_throughput_takes_every_verdict_away(recorded, slow, changes, topic):
    """It is named, estimates stay, and asking for verdicts across conditions gives them back."""
    base, new = recorded(seed=1).run(), recorded(seed=2, curves=slow(0.5), **changes).run()
    found = compared(base, new, loss=0.05)
    assert topic in {one.topic for one in found.withheld}
    assert {one.verdict for one in (*found.points, *found.bests)} == {Verdict.INCONCLUSIVE}
    assert all(topic in one.reason for one in found.bests)
    assert not found.guard.tripped
    across = compared(base, new, loss=0.05, across_conditions=True)
    assert across.conditions == found.conditions
    assert across.bests[0].verdict is Verdict.SLOWER
    assert across.guard.tripped


def test_another_version_of_one_framework_concerns_that_contender_alone(recorded, slow):
    """The others keep their verdicts."""
    new = recorded(seed=2, curves=slow(0.5), versions={"torch": "2.0"}).run()
    found = compared(recorded(seed=1).run(), new)
    assert {one.contender: one.verdict for one in found.bests} == {
        "onnx": Verdict.SLOWER,
        "torch": Verdict.INCONCLUSIVE,
    }
    assert [(one.topic, one.contender, one.base, one.new) for one in found.conditions] == [
        ("version", "torch", "1.0", "2.0")
    ]


def test_another_version_of_what_a_framework_rests_on_withholds_the_verdict(recorded):
    """Its own version and that of its plugin are told once, as what its workers loaded."""
    old = {"torch": "1.0", "nvidia-cudnn-cu12": "9.10", "triton": "3.0"}
    fresh = {"torch": "2.0", "nvidia-cudnn-cu12": "9.11", "triton": "3.0"}
    versions = {"torch": "2.0", "onnx": "2.0"}
    base = recorded(seed=1, spec={"packages": old}).run()
    found = compared(base, recorded(seed=2, spec={"packages": fresh}, versions=versions).run())
    told = [(one.topic, one.base, one.new, one.decisive) for one in found.conditions if one.contender == "torch"]
    assert told == [
        ("packages", "nvidia-cudnn-cu12 9.10", "nvidia-cudnn-cu12 9.11", True),
        ("version", "1.0", "2.0", True),
    ]
    assert {one.verdict for one in found.bests} == {Verdict.INCONCLUSIVE}
    assert "packages" in found.bests[0].reason


def test_packages_that_one_run_did_not_record_are_no_difference(recorded):
    """It was made before they were recorded, or another framework took part in it."""
    base = recorded(seed=1, environment={"packages": {"numpy": "2.4", "keras": "3.15"}}).run()
    new = recorded(seed=2, spec={"packages": {"keras": "3.16"}}, environment={"packages": {"numpy": "2.4"}}).run()
    assert compared(base, new).conditions == ()


@pytest.mark.parametrize(
    ("changes", "topic"),
    [
        ({"environment": {"kernel": "6.9"}}, "system"),
        ({"environment": {"packages": {"numpy": "3.0"}}}, "packages"),
        ({"environment": {"memory_total": 2**33}}, "memory"),
        ({"environment": {"gpus": ("NVIDIA",)}}, "GPUs"),
        ({"plan": {"mode": "thorough"}}, "mode"),
    ],
)
def test_a_condition_that_decides_nothing_is_told_and_verdicts_stay(recorded, changes, topic):
    """A reader decides."""
    found = compared(recorded(seed=1).run(), recorded(seed=2, **changes).run())
    assert [(one.topic, one.decisive) for one in found.conditions] == [(topic, False)]
    assert {one.verdict for one in found.bests} == {Verdict.SAME}


def test_noise_that_only_one_run_had_is_told(recorded):
    """So is a machine whose fastest matrix product is another."""
    peak = {"environment": {"peak_flops": {"float32": 2e11}}}
    low = {"environment": {"peak_flops": {"float32": 1.5e11}}}
    found = compared(recorded(seed=1, **peak).run(), recorded(seed=2, rejected=("torch",), **low).run())
    assert {(one.topic, one.base, one.new) for one in found.conditions} == {
        ("noise", "0 % of slices rejected", "50 % of slices rejected"),
        ("peak", "200 GFLOP/s in float32", "150 GFLOP/s in float32"),
    }


def test_different_models_are_refused(recorded):
    """Across conditions too, for nothing could be learnt."""
    base, new = recorded(seed=1).run(), recorded(seed=2, name="mlp", sha256="fedcba9876543210").run()
    for across in (False, True):
        with pytest.raises(UsageError, match=r"different models, cnn \(0123456789ab\) and mlp \(fedcba987654\)"):
            compared(base, new, across_conditions=across)


def test_another_content_under_the_same_name_is_refused_with_how_to_force_it(recorded, slow):
    """Forced, the model is a condition that differs."""
    base, new = recorded(seed=1).run(), recorded(seed=2, sha256="fedcba9876543210", curves=slow(0.5)).run()
    with pytest.raises(UsageError, match=r"its content differs .* add --across-conditions"):
        compared(base, new)
    found = compared(base, new, across_conditions=True)
    assert [one.topic for one in found.conditions] == ["model"]
    assert found.bests[0].verdict is Verdict.SLOWER


def test_the_same_content_under_another_name_is_the_same_model(recorded):
    """A file may be renamed."""
    found = api.compare(recorded(seed=1).run(), recorded(seed=2, name="renamed").run())
    assert {one.verdict for one in found.comparison.bests} == {Verdict.SAME}
    assert any("called cnn in the base, and renamed in the new run" in note for note in found.notes)


def test_what_only_one_run_has_is_listed_with_the_reason(recorded):
    """Contenders, sizes that were not tried, and sizes that failed."""
    base = recorded(seed=1, curves={"onnx": {1: 0.2, 4: 0.7, 8: 1.5}, "torch": {1: 0.7}}).run()
    new = recorded(
        seed=2,
        curves={"onnx": {1: 0.2, 4: 0.7, 8: 1.5, 16: 3.0}, "tensorflow": {1: 0.5}},
        outcomes={("onnx", 8): OOM},
    ).run()
    found = compared(base, new)
    assert [one.sentence for one in found.missing] == [
        "torch is in the base only",
        "tensorflow is in the new run only",
        "onnx at batch 8 was measured in the base, and in the new run it ran out of memory (cap)",
        "onnx at batch 16 was measured in the new run, and in the base it was not tried",
    ]
    assert set(_verdicts(found)) == {("onnx", 1), ("onnx", 4)}


def test_a_contender_whose_outputs_differ_in_one_run_is_not_compared(recorded):
    """Its speed is that of another function."""
    found = compared(recorded(seed=1).run(), recorded(seed=2, differs=("torch",)).run())
    assert {one.contender for one in found.points} == {"onnx"}
    (missing,) = found.missing
    assert "in the new run its outputs differ" in missing.sentence


def test_the_best_size_is_the_base_s_and_another_stands_for_it_where_it_is_missing(recorded):
    """Which is said."""
    base = recorded(seed=1, curves={"onnx": {1: 1.0, 4: 2.0, 8: 3.0}})
    full = api.compare(base.run(), recorded(seed=2, curves=base.curves).run())
    assert [one.point.batch for one in full.comparison.bests] == [8]
    part = api.compare(base.run(), recorded(seed=2, curves={"onnx": {1: 1.0, 4: 2.0}}).run())
    assert [one.point.batch for one in part.comparison.bests] == [4]
    assert any("batch 8, the best of the base" in note for note in part.notes)


def test_runs_without_a_common_contender_are_refused(recorded):
    """A guard that can check nothing is not green."""
    with pytest.raises(UsageError, match="no contender in common: onnx in the base, torch in the new run"):
        compared(recorded(curves={"onnx": {1: 1.0}}).run(), recorded(curves={"torch": {1: 1.0}}).run())


def test_runs_without_a_common_measurement_are_refused_with_what_is_missing(recorded):
    """Such as one that was cut off before its first round."""
    cut = Run.fold([recorded(seed=2).header()])
    with pytest.raises(UsageError, match="nothing was measured in both runs: onnx is not compared: in the new run"):
        compared(recorded(seed=1).run(), cut)


def test_a_run_that_was_cut_off_is_compared_as_far_as_it_came(recorded):
    """And it is said that it was."""
    found = api.compare(recorded(seed=1).run(), recorded(seed=2, closing=None).run())
    assert any("the new run was interrupted" in note for note in found.notes)
    stopped = Closing(state="stopped", reason="busy", elapsed_s=1.0)
    found = api.compare(recorded(seed=1, closing=stopped).run(), recorded(seed=2).run())
    assert any("the base was stopped" in note for note in found.notes)


def test_a_run_against_itself_shows_nothing_and_says_so(recorded):
    """By its identity, wherever it is stored."""
    run = recorded().run()
    assert api.compare(run, run).headline == "Both are the same run: held against itself, it shows nothing."


def test_a_slice_without_a_clean_round_counts_by_itself(recorded, slow):
    """Nothing is paired, so another contender's disturbance costs this one nothing."""
    found = compared(
        recorded(seed=1, rejected=("torch",)).run(),
        recorded(seed=2, rejected=("torch",), curves=slow(0.25)).run(),
    )
    assert {one.contender: one.verdict for one in found.bests} == {"onnx": Verdict.SLOWER}


def test_contention_that_was_let_through_widens_the_interval(recorded):
    """By threads x the mean wait share of the run that had more of it."""
    quiet, other = recorded(seed=1).run(), recorded(seed=2).run()
    waited = msgspec.structs.replace(
        other,
        rounds=tuple(
            msgspec.structs.replace(
                one,
                slices=tuple(
                    msgspec.structs.replace(
                        piece,
                        diagnostics=msgspec.structs.replace(
                            piece.diagnostics, run_delay_ns=3_157_895, foreign_ns=3_157_895
                        ),
                    )
                    for piece in one.slices
                ),
            )
            for one in other.rounds
        ),
    )
    before, after = (compared(quiet, one).bests[0].ratio for one in (other, waited))
    assert after.allowance == pytest.approx(0.05, rel=1e-3)
    assert after.low == pytest.approx(before.low * 0.951, rel=1e-3)
    assert compared(quiet, waited).bests[0].verdict is Verdict.INCONCLUSIVE


def _with_p(wanted, p_of):
    """Three restarts on each side, apart by so much that the unadjusted p-value is the wanted one."""
    low, high = 0.0, 1.0
    while True:
        apart = (low + high) / 2
        base = Sample(restarts=((-0.01,), (0.0,), (0.01,)))
        new = Sample(restarts=((-0.012 - apart,), (-apart,), (0.012 - apart,)))
        found = contrast(base, new)
        if abs(p_of(found) - wanted) < 1e-4:
            return found
        low, high = (apart, high) if p_of(found) > wanted else (low, apart)


def test_a_guard_asks_more_of_one_proof_among_several(recorded):
    """What proves a regression alone may be chance where four contenders are tested; all four together are none."""
    whole = compared(recorded(seed=1).run(), recorded(seed=2).run())
    one = whole.bests[0]
    clear = _with_p(0.5, lambda found: found.p_regression(0.05))
    close = _with_p(0.03, lambda found: found.p_regression(0.05))
    lost, kept = (msgspec.structs.replace(one, ratio=found.ratio()) for found in (close, clear))
    assert guard(0.05, [lost], [close]).tripped
    family = guard(0.05, [lost, kept, kept, kept], [close, clear, clear, clear])
    assert not family.tripped
    assert family.guarded[0].adjusted_p == pytest.approx(0.12, abs=1e-3)
    told = spoken(msgspec.structs.replace(whole, bests=(lost, kept, kept, kept), guard=family))
    assert "among so many contenders it may be chance" in told.guard.guarded[0].sentence


def test_a_direction_among_several_is_withdrawn_where_it_may_be_chance(recorded):
    """Holm's method over the best sizes, and never over those that could not be tested."""
    whole = compared(recorded(seed=1).run(), recorded(seed=2).run())
    one = whole.bests[0]
    close = _with_p(0.03, lambda found: found.p_beyond_margin(0.03))
    same = _with_p(0.5, lambda found: found.p_beyond_margin(0.03))
    slower = with_verdict(one, close)
    assert slower.verdict is Verdict.SLOWER
    withheld = msgspec.structs.replace(one, differing=("threads",))
    alone, _ = adjusted([slower, withheld], [close, close])
    assert (alone.verdict, alone.adjusted_p) == (Verdict.SLOWER, pytest.approx(0.03, abs=1e-3))
    among, *_ = adjusted([slower, one, one, one], [close, same, same, same])
    assert among.verdict is Verdict.INCONCLUSIVE
    assert "may be chance" in spoken(msgspec.structs.replace(whole, bests=(among,))).bests[0].reason


def test_peak_memory_and_the_largest_batch_stand_side_by_side(recorded):
    """At the largest size that ran in both."""
    base = recorded(seed=1).run()
    new = recorded(seed=2, resident=300 * 2**20, outcomes={("onnx", 8): OOM}).run()
    onnx, torch = api.compare(base, new).memory
    assert onnx.largest == (8, 4)
    assert onnx.failed == (None, 8)
    assert (onnx.point.batch, torch.point.batch) == (4, 8)
    assert onnx.resident_bytes == (204 * 2**20, 304 * 2**20)


def test_a_contender_with_another_thread_budget_is_not_compared_and_the_others_are(recorded):
    """The condition names whom it concerns; where the budget of all is another, it stands once."""

    def run(threads: int | None, instances: int = 1):
        made = recorded().run()
        first, *others = made.header.contenders
        own = msgspec.structs.replace(first, threads=threads, instances=instances)
        return msgspec.structs.replace(made, header=msgspec.structs.replace(made.header, contenders=(own, *others)))

    base = run(None)
    for threads, instances, text in ((base.header.plan.threads + 1, 1, None), (1, 2, "2 x 1")):
        found = compared(base, run(threads, instances))
        told = [one for one in found.conditions if one.topic == "threads"]
        assert [(one.contender, one.new) for one in told] == [("onnx", text or str(threads))]
        verdicts = _verdicts(found)
        assert {verdicts["onnx", size] for size in (1, 4, 8)} == {Verdict.INCONCLUSIVE}
        assert verdicts["torch", 8] is Verdict.SAME
    for_all = compared(recorded().run(), recorded(plan={"threads": base.header.plan.threads + 1}).run())
    assert [one.contender for one in for_all.conditions if one.topic == "threads"] == [None]
