"""Axes besides the batch: every setting is explored, compared, ranked and answered by itself, and a mix over all of them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import infer_compare as ic
from infer_compare import api
from infer_compare.errors import InputError, UsageError
from infer_compare.interfaces import OperatingPoint
from infer_compare.plugins import Plugins
from infer_compare.report.answer_line import answer_line
from infer_compare.report.charts.data import BatchChart
from infer_compare.report.comparison import render
from infer_compare.report.csv import CsvReporter
from infer_compare.report.document import document
from infer_compare.report.glance import glance
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.sections import paged, printed
from infer_compare.report.sections.blocks import Charts
from infer_compare.report.text import TextReporter, written
from infer_compare.results import Measured
from infer_compare.store import FILE
from infer_compare.verdicts import with_latency_bound
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.mixes import with_mix

from .conftest import contender, open_gate  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.results import Run

LONG = contender("steady", fixed_us=4000, per_sample_us=0)
"""As slow for long sequences as for short ones."""
SHORT = contender("growing", fixed_us=0, per_sample_us=0, per_element_us=100)
"""Slower with every token; as fast as the other at 40 tokens."""


def points(run: Run, label: str) -> set[str]:
    """The points that a contender ran."""
    return {
        str(point) for (name, point), outcome in run.explored.items() if name == label and isinstance(outcome, Measured)
    }


def test_every_batch_size_runs_at_every_size_of_the_axis(sweep: Callable[..., Run], tokens: str) -> None:
    """Points are the product of batch sizes and sizes of the axis."""
    run = sweep(LONG, model=tokens, axis=("seq=16,64",), batch_sizes=(1, 4))

    assert points(run, "steady") == {"batch 1, seq 16", "batch 1, seq 64", "batch 4, seq 16", "batch 4, seq 64"}
    assert {(figure.point.batch, figure.point.axes) for figure in run.rounds} == {
        (batch, (("seq", size),)) for batch in (1, 4) for size in (16, 64)
    }


def test_outputs_are_compared_at_every_size_of_the_axis(sweep: Callable[..., Run], tokens: str) -> None:
    """A contender that computes something else is found at each of them."""
    run = sweep(LONG, contender("wrong", outputs="wrong"), model=tokens, axis=("seq=2,8",), batch_sizes=(1,))

    settings = {agreement.point.axes for agreement in run.agreements if agreement.verdict == "differs"}
    assert settings == {(("seq", 2),), (("seq", 8),)}


def test_the_winner_of_each_size_is_named_and_where_it_changes(sweep: Callable[..., Run], tokens: str) -> None:
    """Each size has an answer, and one sentence goes over all."""
    run = sweep(LONG, SHORT, model=tokens, axis=("seq=8,16,200",), batch_sizes=(1,), restarts=3, rounds=2)

    text = " ".join(TextReporter().render(document(run)).split())
    assert "seq 8: Use growing at batch 1" in text
    assert "seq 200: Use steady at batch 1" in text
    assert "The fastest is growing at seq 8 and 16, then steady at seq 200." in text


def test_a_mix_names_one_contender_and_what_padding_would_cost(sweep: Callable[..., Run], tokens: str) -> None:
    """Throughputs are weighed by the shares, as a harmonic mean."""
    run = sweep(
        LONG,
        SHORT,
        model=tokens,
        axis=("seq=10,40,80",),
        mix=("seq=10:0.5,40:0.25,80:0.25",),
        batch_sizes=(1,),
        restarts=3,
        rounds=2,
    )

    across = document(run).across
    assert across is not None
    assert across.mix is not None
    first, second = across.mix.by_contender
    assert first.contender == "growing"
    # Half a second of 1 ms calls, a quarter of 4 ms and a quarter of 8 ms: 3.5 ms a sample, against 4 ms.
    assert first.throughput == pytest.approx(1 / 3.5e-3, rel=0.02)
    assert second.throughput == pytest.approx(1 / 4e-3, rel=0.02)
    assert first.padded == pytest.approx(1 / 8e-3, rel=0.02)
    assert across.mix_headline.startswith("Use growing for the mix")
    assert "2.29x as fast" in " ".join(across.mix_sentences)


def test_automatic_batch_sizes_are_found_for_each_size_of_the_axis(sweep: Callable[..., Run], tokens: str) -> None:
    """A longer row reaches its plateau with fewer of them."""
    run = sweep(
        contender("one", fixed_us=1000, per_sample_us=1, per_element_us=1),
        model=tokens,
        axis=("seq=4,400",),
        batch_sizes=None,
    )

    largest = {
        size: max(point.batch for (_, point) in run.explored if point.axes == (("seq", size),)) for size in (4, 400)
    }
    assert largest[4] > 4 * largest[400]


def test_what_did_not_fit_is_not_tried_where_the_axis_is_longer(sweep: Callable[..., Run], tokens: str) -> None:
    """More memory would be needed there."""
    run = sweep(
        contender("small", oom_above_elements=32), model=tokens, axis=("seq=8,16,32",), batch_sizes=(1, 2, 4, 8)
    )

    assert points(run, "small") == {
        *(f"batch {batch}, seq 8" for batch in (1, 2, 4)),
        *(f"batch {batch}, seq 16" for batch in (1, 2)),
        "batch 1, seq 32",
    }
    tried = {point for (_, point), outcome in run.explored.items() if type(outcome).__name__ == "OutOfMemory"}
    assert OperatingPoint(8, (("seq", 16),)) not in tried


def test_the_limit_is_searched_for_at_every_size_of_the_axis(sweep: Callable[..., Run], tokens: str) -> None:
    """Each has a boundary of its own."""
    run = sweep(
        contender("small", oom_above_elements=640), model=tokens, axis=("seq=8,64",), batch_sizes=(1,), find_limit=True
    )

    assert {limit.axes: limit.largest_fitting for limit in run.limits} == {(("seq", 8),): 80, (("seq", 64),): 10}


def test_the_longest_that_fits_is_searched_for_along_the_axis(sweep: Callable[..., Run], tokens: str) -> None:
    """At batch 1, in steps that divide all sizes asked for; every format has it."""
    run = sweep(
        contender("small", oom_above_elements=1000),
        model=tokens,
        axis=("seq=16,48",),
        batch_sizes=(1,),
        find_limit=True,
    )

    (limit,) = run.axis_limits
    assert (limit.axis, limit.axes) == ("seq", ())
    assert (limit.largest_fitting, limit.smallest_failing, limit.verified) == (992, 1008, True)
    text = " ".join(TextReporter().render(document(run)).split())
    assert "Largest seq that fits at batch 1: small 992." in text
    assert "small: seq 992 fits at batch 1" in text
    assert "Largest seq that fits at batch 1: small 992." in glance(document(run), "run")
    across = document(run).across
    assert across is not None
    assert [(found.axis, found.largest_ran) for found in across.limits] == [("seq", 992)]


def test_sizes_along_an_axis_are_multiples_of_what_all_sizes_asked_for_are(
    sweep: Callable[..., Run], tokens: str
) -> None:
    """Models of images often take multiples of 32 alone."""
    run = sweep(
        contender("small", oom_above_elements=110), model=tokens, axis=("seq=32,64",), batch_sizes=(1,), find_limit=True
    )

    (limit,) = run.axis_limits
    assert (limit.largest_fitting, limit.smallest_failing) == (96, 128)


def test_a_search_along_the_axis_is_not_made_again(sweep: Callable[..., Run], tokens: str, tmp_path: Path) -> None:
    """Where a run is resumed after it."""
    whole = sweep(
        contender("small", oom_above_elements=1000),
        model=tokens,
        axis=("seq=16,48",),
        batch_sizes=(1,),
        find_limit=True,
    )
    log = tmp_path / "run" / FILE
    lines = log.read_text().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if '"axis_limit"' in line)
    log.write_text("".join(lines[: cut + 1]))

    resumed = api.resume(
        tmp_path / "run", plugins=Plugins.discover(block=["*", "torch", "tensorflow"]), surroundings=virtual(open_gate)
    )

    assert resumed.axis_limits == whole.axis_limits
    assert len(resumed.probes) == len(whole.probes)


def test_rows_of_a_shorter_size_are_beginnings_of_the_longer_ones(sweep: Callable[..., Run], tokens: str) -> None:
    """The points that are asked for are known from the header."""
    run = sweep(LONG, model=tokens, axis=("seq=16,64",), batch_sizes=(1,))

    assert run.header.options.axis == ("seq=16,64",)
    assert run.header.points == (OperatingPoint(1, (("seq", 16),)), OperatingPoint(1, (("seq", 64),)))


@pytest.mark.parametrize(
    ("axis", "mix", "inputs", "says"),
    [
        (("len=4,8",), (), (), "no input has a free axis of that name. The free ones are seq"),
        (("seq=4,8",), ("seq=4:0.5,16:0.5",), (), "has a share for 16, which --axis seq does not measure"),
        (("seq=4,8",), ("len=4:1",), (), "--mix is of 'len', which --axis does not name"),
        ((), ("seq=4:1",), ("ids:i64[batch,4]",), "--mix is of 'seq', which --axis does not name"),
    ],
)
def test_axes_and_mixes_that_do_not_fit_are_refused(
    sweep: Callable[..., Run],
    tokens: str,
    axis: tuple[str, ...],
    mix: tuple[str, ...],
    inputs: tuple[str, ...],
    says: str,
) -> None:
    """The sentence says what is wrong."""
    with pytest.raises((InputError, UsageError), match=says.replace(".", r"\.")):
        sweep(LONG, model=tokens, axis=axis, mix=mix, inputs=inputs)


def test_an_axis_that_the_model_fixes_is_said_with_its_size(sweep: Callable[..., Run]) -> None:
    """And how to free it."""
    with pytest.raises(
        InputError, match=r"no free axis besides the batch \(it takes features\[batch,64\]\); export it with"
    ):
        sweep(LONG, axis=("seq=4,8",))


def test_an_axis_may_be_renamed_with_input(sweep: Callable[..., Run], tokens: str) -> None:
    """All inputs that share it follow."""
    run = sweep(LONG, model=tokens, axis=("length=4,8",), inputs=("ids:i64[batch,length]",), batch_sizes=(1,))

    assert points(run, "steady") == {"batch 1, length 4", "batch 1, length 8"}


def test_a_run_that_was_cut_off_goes_on_at_the_settings_that_are_left(
    sweep: Callable[..., Run], tokens: str, tmp_path: Path
) -> None:
    """What was explored and measured is not done again."""
    whole = sweep(LONG, SHORT, model=tokens, axis=("seq=16,64",), batch_sizes=(1, 2), restarts=2, rounds=1)
    log = tmp_path / "run" / FILE
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[: len(lines) * 2 // 3]))

    resumed = api.resume(
        tmp_path / "run", plugins=Plugins.discover(block=["*", "torch", "tensorflow"]), surroundings=virtual(open_gate)
    )

    assert {round_.point for round_ in resumed.rounds} == {round_.point for round_ in whole.rounds}
    assert resumed.explored.keys() == whole.explored.keys()
    # A restart that was cut off begins again.
    assert len(resumed.rounds) < 1.5 * len(whole.rounds)


def test_a_list_of_runs_has_the_answer_for_the_mix_or_for_the_first_setting(
    sweep: Callable[..., Run], tokens: str
) -> None:
    """And how many more there are."""
    asked: dict[str, Any] = {"model": tokens, "axis": ("seq=8,200",), "batch_sizes": (1,), "restarts": 3, "rounds": 2}
    plain = sweep(LONG, SHORT, folder="plain", **asked)
    mixed = sweep(LONG, SHORT, folder="mixed", mix=("seq=8:0.9,200:0.1",), **asked)

    assert answer_line(plain).startswith("seq 8: growing at batch 1, 1,250 samples/s")
    assert answer_line(plain).endswith("; 1 more")
    assert answer_line(mixed).startswith("the mix: growing, ")
    assert answer_line(mixed).endswith("; 2 more")


def test_every_setting_has_an_answer_under_a_latency_bound_in_every_format(
    sweep: Callable[..., Run], tokens: str
) -> None:
    """Its tables name the batch alone, since its sentence names the setting; rows of files name both."""
    run = sweep(
        LONG, SHORT, model=tokens, axis=("seq=8,200",), batch_sizes=(1, 4), restarts=3, rounds=2, latency_bound=0.006
    )

    made = document(run)
    text, markdown = " ".join(TextReporter().render(made).split()), MarkdownReporter().render(made)
    for shown in (text, markdown):
        assert "seq 8: Use growing at batch 4 for p95 within 6.00 ms." in shown
        assert "seq 200: Use steady at batch 4 for p95 within 6.00 ms." in shown
    assert "| `steady` | 4 | 1,000 | 4.00 | 4 |  |" in markdown
    answers = json.loads(JsonReporter().render(made))["answers"]
    assert [(one["answer"]["axes"], one["answer"]["bound"]["best"]["point"]) for one in answers] == [
        ([["seq", size]], {"batch": batch, "axes": [["seq", size]]}) for size, batch in ((8, 4), (200, 4))
    ]
    lines = csv.DictReader(io.StringIO(CsvReporter().render(made)))
    assert {(row["contender"], row["batch"], row["axes"]) for row in lines} == {
        (contender, batch, f"seq={size}") for contender in ("steady", "growing") for batch in "14" for size in (8, 200)
    }


def test_rows_in_python_are_found_by_contender_batch_and_setting(
    sweep: Callable[..., Run], tokens: str, tmp_path: Path
) -> None:
    """And the answer begins with that for the mix."""
    sweep(LONG, SHORT, model=tokens, axis=("seq=8,200",), mix=("seq=8:0.9,200:0.1",), batch_sizes=(1,), restarts=3)

    result = ic.load(tmp_path / "run")
    assert {(row.contender, row.axes) for row in result.points} == {
        (contender, (("seq", size),)) for contender in ("steady", "growing") for size in (8, 200)
    }
    fast, slow = (result["growing", 1, {"seq": size}].throughput for size in (8, 200))
    assert fast == pytest.approx(25 * slow, rel=0.01)
    with pytest.raises(KeyError):
        result["growing", 1]
    mix, *settings = result.answer.splitlines()
    assert "growing for the mix" in mix
    assert [line.partition(":")[0] for line in settings] == ["seq 8", "seq 200"]


def test_small_charts_of_every_setting_have_the_same_axes(sweep: Callable[..., Run], tokens: str) -> None:
    """Otherwise they could not be compared with one another."""
    run = sweep(LONG, SHORT, model=tokens, axis=("seq=8,16,200",), batch_sizes=(1, 4), restarts=2, rounds=1)

    section = next(section for section in paged(document(run), "r0") if section.title == "Over all settings")
    (multiples,) = [block for block in section.blocks if isinstance(block, Charts)]
    assert [chart.title for chart in multiples.charts] == ["seq 8", "seq 16", "seq 200"]
    charts = [chart.data for chart in multiples.charts if isinstance(chart.data, BatchChart)]
    assert {(chart.log, tuple(chart.sizes), chart.span) for chart in charts} == {(True, (1, 4), charts[0].span)}
    assert {one.c for chart in charts for one in chart.series} == {"steady", "growing"}


def test_two_runs_are_compared_at_equal_settings(sweep: Callable[..., Run], tokens: str) -> None:
    """A table for each of them."""
    before, after = (
        sweep(
            contender("one", fixed_us=us),
            model=tokens,
            axis=("seq=16,64",),
            batch_sizes=(1,),
            restarts=3,
            rounds=2,
            folder=f"{us} us",
        )
        for us in (2000, 1000)
    )

    text = " ".join(render("text", api.compare(before, after, across_conditions=True)).split())
    assert "1 contender at 2 settings" in text
    assert "Faster than the base: one at every setting." in text
    assert "one at batch 1, seq 16 is faster than in the base" in text
    assert "1, seq 64" in text
    loss = api.compare(after, before, across_conditions=True, loss=0.05)
    assert "A loss of more than 5 % is proven for 1 contender." in " ".join(render("text", loss).split())


@pytest.fixture
def long_run(sweep: Callable[..., Run], tokens: str) -> Run:
    """Calls of up to 3 s, of which 0.1 s is a fixed cost: small batches are far behind."""
    return sweep(
        contender("one", fixed_us=100_000, per_sample_us=0, per_element_us=300),
        contender("two", fixed_us=110_000, per_sample_us=0, per_element_us=400),
        model=tokens,
        axis=("seq=16,32,64,128,256",),
        batch_sizes=(1, 2, 4, 8, 16, 32),
        mode="quick",
        restarts=None,
        rounds=None,
    )


def test_where_measuring_all_would_take_very_long_what_cannot_be_the_best_is_predicted(long_run: Run) -> None:
    """It is marked as such, and not ranked; that is no shortcoming of the run."""
    measured = {done.point for done in long_run.rounds}
    left_out = {record.point for record in long_run.predicted}
    assert measured
    assert left_out
    assert not measured & left_out
    assert {point.axes for point in measured} == {(("seq", size),) for size in (16, 32, 64, 128, 256)}
    shown = document(long_run)
    points = {(point.contender, point.point): point for curve in shown.curves for point in curve.points}
    for record in long_run.predicted:
        point = points[record.contender, record.point]
        assert point.figures is None
        assert point.predicted_latency_ns == pytest.approx(point.rough_latency_ns, rel=0.02)
        assert point.reason.startswith("predicted, not measured")
    assert {pair.verdict for pair in shown.pairs if pair.a.point in left_out} == {Verdict.INCONCLUSIVE}
    assert not shown.shortcomings
    assert not shown.failures
    text = written(printed(shown, verbose=True))
    assert "\N{ALMOST EQUAL TO}: predicted from trial calls, not measured; never ranked" in text
    assert "points are predicted from trial calls and not measured" in " ".join(text.split())


def test_a_resumed_run_leaves_out_what_it_left_out_before(long_run: Run, tmp_path: Path) -> None:
    """Nothing is predicted twice."""
    log = tmp_path / "run" / FILE
    lines = log.read_text().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if '"type":"predicted"' in line)
    log.write_text("".join(lines[: cut + 3]))

    resumed = api.resume(
        tmp_path / "run", plugins=Plugins.discover(block=["*", "torch", "tensorflow"]), surroundings=virtual(open_gate)
    )

    assert sorted(map(str, resumed.predicted)) == sorted(map(str, long_run.predicted))
    assert {done.point for done in resumed.rounds} == {done.point for done in long_run.rounds}


def test_a_stored_run_answers_for_another_mix(sweep: Callable[..., Run], tokens: str, tmp_path: Path) -> None:
    """Nothing is measured again; what was not measured is refused."""
    run = sweep(
        LONG,
        SHORT,
        model=tokens,
        axis=("seq=10,80",),
        mix=("seq=10:0.9,80:0.1",),
        batch_sizes=(1,),
        restarts=3,
        rounds=2,
    )
    main = subprocess.run(
        [sys.executable, "-m", "infer_compare", "report", tmp_path / "run", "--mix", "seq=10:0.1,80:0.9"],
        capture_output=True,
        text=True,
        check=True,
    )

    before, after = document(run).across, ic.load(tmp_path / "run").mix({"seq": {10: 0.1, 80: 0.9}}).document.across
    assert before is not None
    assert before.mix_headline.startswith("Use growing for the mix")
    assert after is not None
    assert after.mix_headline.startswith("Use steady for the mix")
    assert "Use steady for the mix" in main.stdout
    with pytest.raises(UsageError, match="has a share for 20, which --axis seq does not measure"):
        with_mix(run, ["seq=10:0.5,20:0.5"])


def test_each_setting_keeps_a_latency_bound_by_itself(sweep: Callable[..., Run], tokens: str) -> None:
    """A longer one with smaller batches, or not at all."""
    run = sweep(
        contender("one", fixed_us=1000, per_sample_us=0, per_element_us=100),
        model=tokens,
        axis=("seq=8,32,256",),
        batch_sizes=(1, 2, 4, 8),
        latency_bound=0.01,
        percentile=50.0,
        restarts=3,
        rounds=2,
    )

    best = {one.answer.axes: one.answer.bound.best for one in document(run).answers if one.answer.bound is not None}
    sizes = {axes[0][1]: None if found is None else found.point.batch for axes, found in best.items()}
    # 1 ms and 0.1 ms a token: 8 x 8 tokens take 7.4 ms, 2 x 32 take 7.4 ms, 256 take 26.6 ms.
    assert sizes == {8: 8, 32: 2, 256: None}
    across = document(run).across
    assert across is not None
    assert across.changes == "The fastest is one at seq 8 and 32, then none within the bound at seq 256."
    mixed = document(with_mix(run, "seq=8:0.5,256:0.5")).across
    assert mixed is not None
    assert mixed.mix_headline == "No answer for the mix: no contender keeps the latency bound in all of its settings."
    nobody = document(with_latency_bound(run, 1000)).across
    assert nobody is not None
    assert nobody.changes == "No contender keeps the latency bound at any setting."
