"""The report document: what it holds of a run, of any prefix of one, and why an exit code is 1."""

from __future__ import annotations

import itertools
import json
import math
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pytest
from msgspec.structs import replace

from infer_compare.report import REPORT_SCHEMA, REPORT_VERSION, ReportDocument, document
from infer_compare.report.contenders import first_calls
from infer_compare.report.facts import noise_facts
from infer_compare.report.schema import Cause, Noise
from infer_compare.report.sentences.answers import bound_sentences
from infer_compare.report.text import TextReporter
from infer_compare.results import (
    Closing,
    Death,
    Died,
    Failed,
    ForeignProcess,
    Limit,
    LimitReached,
    OperatingPoint,
    OutOfMemory,
    Probe,
    Round,
    Run,
    Skipped,
    Start,
    TimedOut,
)
from infer_compare.verdicts import Verdict

if TYPE_CHECKING:
    from conftest import Story
    from infer_compare.results import AnyOutcome

OOM = OutOfMemory(reason="can't allocate memory", evidence="raised", phase="explore")
DIED = Died(exit_code=-11, signal="SIGSEGV", phase="measure", stderr_tail="one\nfatal: bad\x1b[31m news\n\n")


def floats(value: Any) -> list[float]:
    """Every floating-point number inside a plain value."""
    if isinstance(value, float):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for part in parts for one in floats(part)]


def test_a_document_decodes_to_itself_and_holds_neither_nan_nor_raw_stamps(story: type[Story]) -> None:
    """The document goes through JSON unchanged, with finite numbers only and no durations of single calls."""
    made = document(story(refused=(2,), plan={"latency_bound_ns": 1_500_000}).run())
    encoded = msgspec.json.encode(made)
    assert msgspec.json.decode(encoded, type=ReportDocument) == made
    assert all(math.isfinite(one) for one in floats(json.loads(encoded)))
    assert b"durations_ns" not in encoded


def test_a_document_names_its_schema_and_version(story: type[Story]) -> None:
    """A reader can tell what it has before it decodes the rest, and a JSON Schema can be made of the type."""
    plain = json.loads(msgspec.json.encode(document(story().run())))
    assert (plain["schema"], tuple(plain["version"])) == (REPORT_SCHEMA, REPORT_VERSION)
    assert "ReportDocument" in msgspec.json.schema(ReportDocument)["$ref"]


def test_every_prefix_of_a_run_makes_a_document(story: type[Story]) -> None:
    """Whatever was recorded before a run ended can be reported, and its state says that it did not end well."""
    records = list(story(curves={"onnx": {1: 0.5, 2: 0.7}, "torch": {1: 1.5, 2: 1.8}}, rounds=1).records())
    for length in range(1, len(records)):
        made = document(Run.fold(records[:length]))
        assert made.state == "interrupted"
        assert made.shortcomings
        assert msgspec.json.decode(msgspec.json.encode(made), type=ReportDocument) == made
    assert document(Run.fold(records)).state == "complete"


def test_a_header_alone_recommends_nothing(story: type[Story]) -> None:
    """With nothing measured the answer says so and is no more than an estimate."""
    made = document(Run.fold([story().header()]))
    assert made.answers[0].headline == "No answer: no contender was measured."
    assert made.answers[0].estimate
    assert all(point.outcome == "skipped" for curve in made.curves for point in curve.points)
    assert all(curve.boundary is None for curve in made.curves)


def test_a_run_that_was_only_explored_shows_rough_latencies_without_figures(story: type[Story]) -> None:
    """What exploring saw is there, beside figures that are not, and nothing is ranked by it."""
    told = story()
    made = document(Run.fold([told.header(), *told.explored()]))
    point = made.curves[0].points[0]
    assert point.figures is None
    assert point.rough_latency_ns == 500_000
    assert point.reason == "only trial calls ran"
    assert made.answers[0].answer.recommended is None


def test_the_answer_of_a_complete_run_says_what_to_use(story: type[Story]) -> None:
    """The recommended contender and batch size, with no estimate about it once the verdict is there."""
    made = document(story().run())
    (one,) = made.answers
    assert one.headline == "Use onnx at batch 8."
    assert not one.estimate
    assert one.answer.headline[0].verdict is Verdict.FASTER
    assert made.shortcomings == ()


def test_without_a_verdict_the_answer_is_an_estimate(story: type[Story]) -> None:
    """Two contenders that cannot be told apart are not ranked in words."""
    curves = {"onnx": {8: 1.90}, "torch": {8: 2.00}, "tensorflow": {8: 4.0}}
    made = document(story(curves=curves, restarts=1).run())
    assert made.answers[0].estimate
    assert made.answers[0].headline.startswith("Probably onnx at batch 8: ")


def test_contenders_that_are_alike_are_said_to_be(story: type[Story]) -> None:
    """A difference within the margin is told beside the recommendation, which is then no estimate."""
    made = document(story(curves={"onnx": {8: 1.90}, "torch": {8: 1.905}}).run())
    assert made.answers[0].headline == "Use onnx at batch 8; torch is as fast within 3 %."
    assert not made.answers[0].estimate


def test_a_point_is_fastest_where_it_beats_every_other_contender(story: type[Story]) -> None:
    """The mark belongs to the points whose verdicts against all others say so, and to no others."""
    curves = {"onnx": {1: 0.5, 2: 0.7}, "torch": {1: 1.5, 2: 0.4}, "tensorflow": {1: 2.0, 2: 2.0}}
    made = document(story(curves=curves).run())
    fastest = {(point.contender, point.point.batch) for curve in made.curves for point in curve.points if point.fastest}
    assert fastest == {("onnx", 1), ("torch", 2)}


def test_contenders_tell_how_they_ran_and_what_starting_them_cost(story: type[Story]) -> None:
    """Version, provenance, chain, effective settings, and start-up in its parts."""
    torch = document(story(imported=("torch",)).run()).contenders[1]
    assert (torch.name, torch.provenance, torch.chain) == ("torch (imported)", "imported", ("onnx", "torch"))
    assert torch.effective["precision"] == "float32"
    assert torch.start_up is not None
    assert torch.start_up.total_ns == pytest.approx(511e6)
    assert (torch.start_up.first_call_ns, torch.start_up.first_call_at) == (30e6, OperatingPoint(1))


def test_what_starting_costs_is_told_by_the_worker_that_explored(story: type[Story]) -> None:
    """Workers of restarts start side by side and in a hurry: what that took tells nobody what to expect."""
    records = list(story().records())
    hurried = [
        replace(one, restart=restart, beside=2, import_ns=10 * one.import_ns)
        for one in records
        if isinstance(one, Start)
        for restart in (1, 2)
    ]
    start_up = document(Run.fold([*records, *hurried])).contenders[0].start_up
    assert start_up is not None
    assert start_up.total_ns == pytest.approx(511e6)


def test_the_first_call_of_a_fresh_worker_is_told_with_the_size_that_came_first(story: type[Story]) -> None:
    """A size that a worker ran later has a first call of its own, which tells nothing of fresh workers."""
    told = story(curves={"onnx": {1: 0.5, 8: 1.9}}, restarts=2)
    records = list(told.records())
    rounds = sorted((one for one in records if isinstance(one, Round)), key=lambda one: (one.restart, -one.point.batch))
    first_call_ms = {1: 2, 8: 90}
    changed = [
        replace(
            one,
            warm_ups=tuple(
                replace(warm_up, first_call_ns=first_call_ms[one.point.batch] * 10**6) for warm_up in one.warm_ups
            ),
        )
        for one in rounds
    ]
    made = document(Run.fold([*(one for one in records if not isinstance(one, Round)), *changed]))
    start_up = made.contenders[0].start_up
    assert start_up is not None
    assert (start_up.first_call_ns, start_up.first_call_at) == (30e6, OperatingPoint(1))
    assert {one.point.batch: one.first_call_ns for one in made.curves[0].points} == {1: 2e6, 8: 90e6}
    assert "first call of a fresh worker 30.0 ms at batch 1" in " ".join(TextReporter().render(made).split())


@pytest.mark.parametrize(("workers", "counted"), [(2, {1: 3, 8: 1}), (1, {1: 3})])
def test_each_size_that_was_confirmed_has_the_first_call_of_a_fresh_worker(
    story: type[Story], workers: int, counted: dict[int, int]
) -> None:
    """Each has workers of its own; in runs of older versions the same workers confirmed all sizes."""
    told = story(curves={"onnx": {1: 0.5, 8: 1.9}}, restarts=2).run()
    rounds = tuple(replace(one, phase="confirm") if one.restart == 2 else one for one in told.rounds)
    starts = (*told.starts, *(replace(told.starts[0], restart=2) for _ in range(workers)))
    found = first_calls(replace(told, rounds=rounds, starts=starts), "onnx")
    assert {point.batch: len(calls) for point, calls in found.items()} == counted


def test_running_out_of_memory_is_an_answer(story: type[Story]) -> None:
    """A point out of memory, and those left out because of it, set the boundary and leave the exit code at 0."""
    skipped = Skipped(reason="not tried, since batch 4 ran out of memory")
    made = document(story(outcomes={("torch", 4): OOM, ("torch", 8): skipped}).run())
    boundary = made.curves[1].boundary
    assert boundary is not None
    assert (boundary.largest_ran, boundary.smallest_failed, boundary.failure) == (2, 4, "out_of_memory")
    assert boundary.sentence == (
        "torch: batch 4 ran out of memory (can't allocate memory); the largest below it that ran is 2, "
        "with 154 MiB of memory"
    )
    assert made.shortcomings == ()
    assert [one.sentence for one in made.failures] == [
        "torch at batch 8: it was not run (not tried, since batch 4 ran out of memory)"
    ]


def test_a_contender_that_runs_out_of_memory_everywhere_is_an_answer_too(story: type[Story]) -> None:
    """It is not ranked, for a reason that is a result."""
    outcomes = {("torch", 1): OOM, **{("torch", size): Skipped(reason="not tried") for size in (2, 4, 8)}}
    made = document(story(outcomes=outcomes).run())
    assert [one.contender for one in made.excluded] == ["torch"]
    assert made.shortcomings == ()


def test_a_limit_of_the_framework_bounds_the_curve(story: type[Story]) -> None:
    """It is told at the boundary and among the failures, and is no shortcoming."""
    limit = LimitReached(reason="canUse32BitIndexMath", phase="explore")
    made = document(story(outcomes={("torch", 8): limit}).run())
    boundary = made.curves[1].boundary
    assert boundary is not None
    assert boundary.failure == "limit_reached"
    assert made.failures[0].sentence == "torch at batch 8: it reached a limit of its framework (canUse32BitIndexMath)"
    assert made.shortcomings == ()


def test_without_out_of_memory_the_boundary_is_the_largest_tried(story: type[Story]) -> None:
    """At least that much is known."""
    boundary = document(story().run()).curves[0].boundary
    assert boundary is not None
    assert boundary.sentence == (
        "onnx: at least batch 8, the largest tried that ran, with 166 MiB of memory, about 2.00 MiB a sample"
    )


@pytest.mark.parametrize(
    ("outcome", "sentence", "detail"),
    [
        (
            Died(exit_code=-11, signal="SIGSEGV", phase="explore", stderr_tail="a\nfatal: \x1b[31mbad\n \n"),
            "torch at batch 8: it died of SIGSEGV",
            r"fatal: \x1b[31mbad",
        ),
        (TimedOut(deadline_s=60, phase="explore"), "torch at batch 8: it did not answer within 60.0 s", ""),
        (
            Failed(error="RuntimeError", reason="no kernel", phase="explore"),
            "torch at batch 8: it failed with RuntimeError (no kernel)",
            "",
        ),
    ],
)
def test_a_point_that_failed_is_told_with_its_reason_and_counts(
    story: type[Story], outcome: AnyOutcome, sentence: str, detail: str
) -> None:
    """A crash, a hang and an error leave a question unanswered, and say why, the last words of the worker included."""
    made = document(story(outcomes={("torch", 8): outcome}).run())
    assert [(one.sentence, one.detail) for one in made.failures] == [(sentence, detail)]
    assert made.shortcomings == (sentence,)


def test_alike_failures_of_a_contender_are_told_together(story: type[Story]) -> None:
    """One sentence names all batch sizes that failed in the same way."""
    failed = Failed(error="RuntimeError", reason="no kernel", phase="explore")
    made = document(story(outcomes={("torch", 4): failed, ("torch", 8): failed}).run())
    assert [one.sentence for one in made.failures] == [
        "torch at batch 4 and 8: it failed with RuntimeError (no kernel)"
    ]


def test_a_contender_that_could_not_take_part_counts_once(story: type[Story]) -> None:
    """Its reason is told once, not again for each batch size that it was never tried at."""
    made = document(story(unusable={"torch": Skipped(reason="torch is not installed")}).run())
    assert made.shortcomings == ("torch is not ranked: it was not run (torch is not installed)",)
    assert [one.sentence for one in made.failures if one.contender == "torch"] == [
        "torch took no part: it was not run (torch is not installed)"
    ]
    assert made.contenders[1].start_up is None


def test_a_contender_that_computes_something_else_counts(story: type[Story]) -> None:
    """It keeps its place in the table of agreement, with the worst difference, and is not ranked."""
    made = document(story(differs=("torch",)).run())
    assert made.agreements[1].verdict == "differs"
    assert made.agreements[1].needed_rtol == 0.31
    assert made.agreements[1].output_error is not None
    assert made.agreements[1].output_error.relative == 0.31
    (sentence,) = made.shortcomings
    assert sentence.startswith("torch is not ranked: its outputs differ from those of onnx at batch 1")
    assert all(one.contender != "torch" for one in made.failures)


def test_a_worker_lost_after_slices_were_recorded_is_told_and_counts(story: type[Story]) -> None:
    """The figures stay; the sentence says where and in which restarts."""
    deaths = [
        Death(contender="torch", restart=restart, phase="measure", point=OperatingPoint(8), outcome=DIED)
        for restart in (2, 3)
    ]
    made = document(story(extra=deaths).run())
    assert made.curves[1].points[3].figures is not None
    assert [(one.sentence, one.detail) for one in made.failures] == [
        (
            "torch at batch 8: it died of SIGSEGV while it was measured, in restarts 2 and 3",
            r"fatal: bad\x1b[31m news",
        )
    ]
    assert made.shortcomings == (made.failures[0].sentence,)


def test_out_of_memory_while_measuring_is_told_and_does_not_count(story: type[Story]) -> None:
    """Memory is an answer whenever it ends."""
    death = Death(contender="torch", restart=2, phase="measure", point=OperatingPoint(8), outcome=OOM)
    made = document(story(extra=[death]).run())
    assert len(made.failures) == 1
    assert made.shortcomings == ()


def test_a_latency_bound_that_nothing_is_shown_to_keep_counts(story: type[Story]) -> None:
    """The condition was stated and is unmet; the nearest point is named."""
    made = document(story(plan={"latency_bound_ns": 100_000}).run())
    (one,) = made.answers
    assert one.answer.bound is not None
    assert made.shortcomings == bound_sentences(one.answer.bound)
    assert "none was shown to hold" in made.shortcomings[0]
    assert all(row.best is None for row in one.under_bound)
    assert one.headline == "None was shown to keep p95 within 0.100 ms. Without that bound: onnx at batch 8."
    assert one.estimate


def test_the_answer_keeps_the_latency_bound_that_was_asked_for(story: type[Story]) -> None:
    """The recommendation is the best under the bound, not the best of all."""
    (one,) = document(story(plan={"latency_bound_ns": 1_500_000}).run()).answers
    assert one.answer.recommended is not None
    assert one.answer.recommended.point == OperatingPoint(8)
    assert one.headline == "Use onnx at batch 4 for p95 within 1.50 ms."
    assert not one.estimate


def test_the_best_under_a_bound_is_an_estimate_where_it_breaks_the_bound_at_the_best_size_of_another(
    story: type[Story],
) -> None:
    """Two contenders are compared at equal batch sizes and at their bests, at which the first is too slow to be used."""
    curves = {"torch": {1: 1.5, 2: 1.8}, "onnx": {1: 0.5, 2: 2.5, 8: 3.0}}
    (one,) = document(story(curves=curves, plan={"latency_bound_ns": 2_000_000}).run()).answers
    assert one.headline == ("Probably onnx at batch 1 for p95 within 2.00 ms: no lead over torch is confirmed.")
    assert one.estimate


def test_the_best_under_a_bound_is_shown_by_the_verdict_on_the_bests_where_these_keep_it(story: type[Story]) -> None:
    """At the best size of the other the first is too slow, and it need not run there."""
    curves = {"torch": {1: 1.5, 2: 1.8}, "onnx": {1: 0.5, 2: 2.5}}
    (one,) = document(story(curves=curves, plan={"latency_bound_ns": 2_000_000}).run()).answers
    assert one.headline == "Use onnx at batch 1 for p95 within 2.00 ms."
    assert not one.estimate


def test_the_best_of_one_contender_under_a_bound_is_an_estimate_until_its_run_is_complete(story: type[Story]) -> None:
    """Sizes that were not measured yet may be better."""
    told = story(curves={"onnx": {1: 0.5, 2: 0.7}}, plan={"latency_bound_ns": 1_000_000}, closing=None)
    (one,) = document(told.run()).answers
    assert one.headline == "Probably onnx at batch 2 for p95 within 1.00 ms: the run ended early."
    assert one.estimate


def test_a_latency_bound_leaves_a_best_and_a_largest_size_of_each_contender(story: type[Story]) -> None:
    """Those that keep it are ranked by throughput; who has none comes last."""
    curves = {"slow": {1: 5.0, 2: 6.0}, "torch": {1: 1.5, 2: 1.8}, "onnx": {1: 0.5, 2: 2.5}}
    rows = document(story(curves=curves, plan={"latency_bound_ns": 2_000_000}).run()).answers[0].under_bound
    assert [(row.contender, row.best and row.best.point.batch) for row in rows] == [
        ("onnx", 1),
        ("torch", 2),
        ("slow", None),
    ]
    assert rows[0].behind == 1
    assert rows[1].behind == pytest.approx(1998 / 1110, rel=0.01)
    assert [row.largest and row.largest.point for row in rows] == [OperatingPoint(1), OperatingPoint(2), None]


@pytest.mark.parametrize("state", ["stopped", "interrupted"])
def test_a_run_that_ended_early_counts_and_says_why(
    story: type[Story], state: Literal["stopped", "interrupted"]
) -> None:
    """The reason of the closing record is the reason of the report."""
    made = document(story(closing=Closing(state=state, reason="the machine is busy", elapsed_s=3)).run())
    assert made.state == state
    assert made.shortcomings == (f"the run was {state} before its end: the machine is busy",)


def test_rejected_slices_are_counted_by_cause_whatever_their_figures(story: type[Story]) -> None:
    """Causes that differ in figures only are one; the busiest process is named with its highest share."""
    noise = document(story(refused=(2,)).run()).noise
    assert (noise.slices, noise.rejected, noise.share) == (128, 32, 0.25)
    assert [(one.example, one.slices) for one in noise.causes] == [
        ("other programs: make (pid 99) took 90 % of a core", 32)
    ]
    assert noise.top == ForeignProcess(99, "make", 0.93)


def test_rare_causes_of_rejections_are_told_by_their_number() -> None:
    """The frequent ones have a row each, with an example."""
    causes = tuple(
        Cause(example=f"cause {letter}", slices=number)
        for letter, number in zip("abcdef", range(9, 3, -1), strict=True)
    )
    facts = noise_facts(Noise(slices=78, rejected=39, causes=causes, top=None))
    assert facts == [
        ("noise", "50 % of 78 slices rejected"),
        ("rejected", "9 slices, such as: cause a"),
        ("rejected", "8 slices, such as: cause b"),
        ("rejected", "7 slices, such as: cause c"),
        ("rejected", "6 slices, such as: cause d"),
        ("rejected", "9 slices for other causes"),
    ]
    assert noise_facts(Noise(slices=0, rejected=0, causes=(), top=None)) == []


def test_a_point_whose_every_slice_was_rejected_has_no_figures_and_says_so(story: type[Story]) -> None:
    """There is nothing to report at it, and the contender is missed."""
    made = document(story(curves={"onnx": {1: 0.5}}, refused=(1, 2, 3, 4)).run())
    assert made.curves[0].points[0].rejected == 1
    assert made.failures[0].sentence == "onnx has no figures at batch 1: every slice was disturbed"
    assert made.shortcomings == ("onnx is not ranked: every slice was disturbed by other processes",)


def test_other_axes_make_curves_and_answers_of_their_own(story: type[Story]) -> None:
    """Batch sizes are compared at one sequence length only."""
    records = list(story().records())
    longer = []
    for one in records:
        point = getattr(one, "point", None)
        longer += [one] if point is None else [
            msgspec.structs.replace(one, point=OperatingPoint(point.batch, (("seq", seq),))) for seq in (128, 512)
        ]  # fmt: skip
    run = Run.fold(longer)
    header = msgspec.structs.replace(run.header, plan=msgspec.structs.replace(run.header.plan, batch_sizes=None))
    made = document(msgspec.structs.replace(run, header=header))
    assert {curve.axes for curve in made.curves} == {(("seq", 128),), (("seq", 512),)}
    assert len(made.curves) == 4
    assert made.answers[1].headline.startswith("seq 512: ")


def test_the_command_to_repeat_is_one_line_for_a_shell(story: type[Story]) -> None:
    """Words are quoted as they must be."""
    command = ("infer-compare", "run", "my net.onnx", "--input", "x=normal(0,1)")
    assert document(story(command=command).run()).repeat == "infer-compare run 'my net.onnx' --input 'x=normal(0,1)'"


def test_a_skipped_point_counts_unless_a_smaller_one_explains_it(story: type[Story]) -> None:
    """A backend that refuses one size leaves it unanswered; sizes above an out-of-memory one are explained."""
    refused = Skipped(reason="batches of 4 are not supported")
    alone = document(story(outcomes={("torch", 4): refused}).run())
    assert alone.shortcomings == ("torch at batch 4: it was not run (batches of 4 are not supported)",)
    explained = document(story(outcomes={("torch", 2): OOM, ("torch", 4): refused}).run())
    assert explained.shortcomings == ()


def test_documents_of_equal_runs_are_equal(story: type[Story]) -> None:
    """Nothing of the moment gets into a report."""
    first, second = (document(story().run()) for _ in range(2))
    assert first == second
    assert all(a == b for a, b in itertools.zip_longest(first.curves, second.curves))


def test_a_curve_has_a_shape_from_three_sizes_on(story: type[Story]) -> None:
    """Through two sizes there is always a line, so that nothing is said of it."""
    three = document(story(curves={"onnx": {1: 0.5, 2: 0.7, 4: 1.1}}).run()).curves[0]
    two = document(story(curves={"onnx": {1: 0.5, 2: 0.7}}).run()).curves[0]
    assert three.shape_sentence == "onnx: fixed cost 0.30 ms, 0.20 ms a sample; reaches half of its peak at batch 2"
    assert two.shape_sentence == ""


def searched(run, **found):
    """The run with a search for the limit of onnx."""
    limit = Limit(contender="onnx", probes=9, elapsed_s=3.0, **found)
    return msgspec.structs.replace(run, limits=(limit,))


def test_a_boundary_that_was_found_is_told_with_both_sizes_and_how_sure_it_is(story: type[Story]) -> None:
    """Fresh workers have said both, and the failure is told as what it is."""
    failed = OutOfMemory(reason="cap of 8 GiB reached", evidence="cap", phase="limit")
    probe = Probe(phase="limit", contender="onnx", point=OperatingPoint(43), outcome=failed, fresh=True)
    run = searched(story().run(), largest_fitting=8, smallest_failing=43, failure=failed, verified=True)
    boundary = document(msgspec.structs.replace(run, probes=(*run.probes, probe))).curves[0].boundary
    assert boundary is not None
    assert boundary.searched
    assert boundary.verified
    assert boundary.failure == "out_of_memory"
    assert boundary.sentence == (
        "onnx: batch 8 fits, with 166 MiB of memory, about 2.00 MiB a sample; batch 43 ran out of memory "
        "(cap of 8 GiB reached); both confirmed by fresh workers"
    )


def test_a_search_that_found_no_failing_size_says_why_it_ended(story: type[Story]) -> None:
    """At least that much is known."""
    run = searched(
        story().run(), largest_fitting=8, smallest_failing=None, verified=False, reason="batch 16 would take about 90 s"
    )
    boundary = document(run).curves[0].boundary
    assert boundary is not None
    assert not boundary.verified
    assert boundary.sentence.startswith("onnx: at least batch 8, ")
    assert boundary.sentence.endswith("; batch 16 would take about 90 s")


def test_a_size_that_ran_by_swapping_does_not_really_fit(story: type[Story]) -> None:
    """It is told beside the size."""
    failed = OutOfMemory(reason="cap", evidence="cap", phase="limit")
    probe = Probe(phase="limit", contender="onnx", point=OperatingPoint(9), outcome=failed, fresh=True)
    run = searched(story().run(), largest_fitting=8, smallest_failing=9, failure=failed, verified=True, swapped=True)
    boundary = document(msgspec.structs.replace(run, probes=(*run.probes, probe))).curves[0].boundary
    assert boundary is not None
    assert "(only by swapping)" in boundary.sentence
