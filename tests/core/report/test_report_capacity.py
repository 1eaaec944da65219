"""An answer about capacity says the same in every format, and fits its terminal."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

import capacity_answers as answers
from infer_compare.capacity.values import Load, Range
from infer_compare.cli.documents import Destination, show
from infer_compare.report.capacity import FORMATS, CapacityDocument, document
from infer_compare.report.capacity.phrases import percentile_words, range_words, time_words
from infer_compare.report.price import parse_price
from infer_compare.verdicts.exclusions import Exclusion
from infer_compare.verdicts.obstacles import NotTried

from .test_golden_reports import is_golden  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from infer_compare.capacity.values import Capacity
    from infer_compare.results import Run

PRICE = parse_price("$1.20/h")
ANSWERS: dict[str, Capacity] = {
    "highest": answers.highest(),
    "rate": answers.at_rate(),
    "replayed": answers.highest(replayed=(answers.replayed(),)),
    "none": answers.highest(contenders=(answers.too_slow("onnx"),)),
}


@pytest.fixture
def run(story) -> Run:
    """A run of the contenders."""
    made: Run = story().run()
    return made


@pytest.fixture
def made(run):
    """Makes the document of an answer."""

    def make(answer: Capacity) -> CapacityDocument:
        return document(answer, run, price=PRICE if answer.price_per_hour is not None else None)

    return make


@pytest.mark.parametrize("columns", ["60", "80", "120"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_in_a_terminal_is_what_it_was(name, columns, made, capsys, monkeypatch):
    """And no line of it is wider than the terminal."""
    monkeypatch.setenv("COLUMNS", columns)
    show(made(ANSWERS[name]), FORMATS, Destination("text", None), "Capacity")
    text = capsys.readouterr().out
    assert [line for line in text.splitlines() if len(line) > int(columns)] == []
    assert is_golden(text, f"capacity-{name}.{columns}.txt")


@pytest.mark.parametrize(("form", "ending"), [("markdown", "md"), ("csv", "csv"), ("json", "json")])
@pytest.mark.parametrize("name", ["rate", "replayed"])
def test_an_answer_in_a_file_is_what_it_was(name, form, ending, made):
    """In the formats that programs and pull requests read."""
    assert is_golden(FORMATS.render(form, made(ANSWERS[name])), f"capacity-{name}.{ending}")


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
@pytest.mark.parametrize("name", ANSWERS)
def test_every_format_begins_with_the_same_answer(name, form, made):
    """In the same words."""
    answer = made(ANSWERS[name])
    written = " ".join(FORMATS.render(form, answer).replace("\\$", "$").split())
    assert answer.headline in written


def test_the_answer_for_a_rate_names_the_machines_and_what_a_million_requests_cost(made):
    """Of the contender that needs fewest."""
    assert made(answers.at_rate(1000.0)).headline == (
        "onnx handles 1,000 requests/s within 25 ms at the 99th percentile on 3 machines: batches of at most 8 after at most 2 ms, "
        "1 copy on each machine; $1.00 per million requests."
    )


def test_a_contender_that_keeps_the_bound_at_no_rate_says_why(made):
    """And where none does, no answer is the answer."""
    nothing = made(ANSWERS["none"])
    assert nothing.headline == "No contender answers within 25 ms at the 99th percentile, at any rate."
    assert nothing.sentences == ("onnx: one request alone takes 31.2 ms at the 99th percentile",)
    assert 'class="answer card none"' in FORMATS.render("html", nothing)


def test_service_times_of_the_sweep_are_a_limit_that_is_named_once(made):
    """For all contenders that have it, and not where they were measured over a pipe."""
    over_pipe = answers.contender("torch", 390.0, served=True)
    mixed = made(answers.highest(contenders=(answers.contender("onnx", 515.0), over_pipe)))
    assert [caution.partition(":")[0] for caution in mixed.cautions] == ["onnx"]
    both = made(answers.highest(contenders=(answers.contender("onnx", 515.0), answers.contender("torch", 390.0))))
    assert len(both.cautions) == 1
    assert made(answers.highest(contenders=(over_pipe,))).cautions == ()


def test_cautions_about_a_replay_and_a_short_recording_are_said(made):
    """And those that the model has of a contender."""
    extrapolated = answers.contender("onnx", 515.0, served=True, cautions=("2 copies are extrapolated from 1",))
    answer = answers.highest(
        contenders=(extrapolated,),
        load=Load(rate=100.0, arrivals_s=(0.0, 0.01, 0.02)),
        replayed=(answers.replayed(shared_core=True, lost=3, clean_percentiles_s=None),),
    )
    said = " ".join(made(answer).cautions)
    for words in (
        "2 copies are extrapolated",
        "3 requests only",
        "no core was left",
        "known to be undisturbed",
        "3 of 9270 requests were lost",
    ):
        assert words in said


def test_a_replay_that_took_much_longer_is_told_as_a_factor(made):
    """Thousands of percent are hard to read."""
    slow = {"50": 0.71, "95": 1.2, "99": 1.61}
    text = FORMATS.render("text", made(answers.highest(replayed=(answers.replayed(percentiles_s=slow),))))
    assert "101x" in text
    assert "replayed: onnx at 309 requests/s measured p99 1,610 ms, which is not within the bound" in " ".join(
        text.split()
    )


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_contender_that_the_run_does_not_rank_is_named_with_the_reason(form, made):
    """Nothing else is said of it."""
    unranked = Exclusion(contender="keras", obstacle=NotTried())
    assert "keras is not ranked: " in " ".join(
        FORMATS.render(form, made(answers.highest(excluded=(unranked,)))).split()
    )


@pytest.mark.parametrize("form", ["text", "markdown", "html", "csv"])
def test_the_setting_of_another_axis_is_named(form, run):
    """Since the answer holds for it alone."""
    answer = document(answers.highest(), run, axes=(("seq", 64),))
    assert ("seq=64" if form == "csv" else "seq 64") in FORMATS.render(form, answer)


def test_the_moments_of_a_recording_are_summed_up_and_not_repeated(made):
    """A day of requests would make a long document."""
    stamps = tuple(0.01 * number for number in range(5000))
    document = made(answers.highest(load=Load(rate=100.0, arrivals_s=stamps)))
    assert document.recording is not None
    assert document.recording.requests == 5000
    assert document.recording.rate == pytest.approx(100.0)
    assert document.recording.burstiness == pytest.approx(0.0, abs=1e-9)
    assert document.capacity.load.arrivals_s == ()
    assert "as recorded: 5,000 requests at 100 requests/s" in FORMATS.render("text", document)


def test_the_highest_rate_lies_on_the_curve_that_is_shown(made):
    """In place of a neighbour that fewer requests were simulated for, and that might contradict it."""
    own = answers.contender("onnx", 515.0)
    beside = tuple(msgspec.structs.replace(seen, rate=1.01 * seen.rate, kept=False) for seen in own.curve)
    (shown,) = made(answers.highest(contenders=(msgspec.structs.replace(own, curve=beside),))).capacity.contenders
    assert len(shown.curve) == len(beside)
    assert own.highest in shown.curve


def test_csv_has_a_row_for_each_contender_and_rate(made):
    """With the machines and the cost where they are asked about, and what a replay measured."""
    written = FORMATS.render("csv", made(answers.at_rate(1000.0, replayed=(answers.replayed(),))))
    rows = list(csv.DictReader(io.StringIO(written)))
    kinds = [(row["contender"], row["kind"]) for row in rows]
    assert kinds.count(("onnx", "curve")) == len(answers.SHARES)
    assert [kind for kind in kinds if kind[1] != "curve"] == [
        ("onnx", "asked"), ("onnx", "highest"), ("onnx", "replayed"), ("torch", "asked"), ("torch", "highest"),
        ("tensorflow", "none"),
    ]  # fmt: skip
    assert [row["machines"] for row in rows if row["machines"]] == ["3", "4"]
    (replayed,) = (row for row in rows if row["kind"] == "replayed")
    assert float(replayed["measured_p99_ms"]) == pytest.approx(16.1)
    assert rows[-1]["why_not"].startswith("one request alone")


def test_the_page_draws_latency_against_rate_with_the_bound_and_saturation(made):
    """The percentile of the bound first, and the bound in its chart alone."""
    page = FORMATS.render("html", made(answers.at_rate(300.0)))
    island = page.partition('<script type="application/json" id="chart-data">')[2].partition("</script>")[0]
    charts = json.loads(island)["charts"]
    assert list(charts) == ["capacity-p99", "capacity-p50", "capacity-p95"]
    assert [chart.get("line", {}).get("at") for chart in charts.values()] == [25.0, None, None]
    assert charts["capacity-p99"]["asked"]["at"] == 300.0
    assert [one["saturation"] for one in charts["capacity-p99"]["series"]] == [515.0, 390.0]


def test_the_document_is_read_back_as_its_schema_says(made):
    """Every field of it."""
    document = made(ANSWERS["replayed"])
    assert msgspec.json.decode(FORMATS.render("json", document), type=CapacityDocument) == document


def test_names_of_others_steer_nothing(made):
    """Labels come from files."""
    hostile = "<script>x</script>\x1b[31m=cmd"
    answer = made(answers.highest(contenders=(answers.contender(hostile, 515.0),)))
    assert "<script>x" not in FORMATS.render("html", answer)
    for form in ("text", "markdown", "csv"):
        assert "\x1b" not in FORMATS.render(form, answer)


@pytest.mark.parametrize(
    ("percentile", "words"),
    [(99.0, "99th"), (99.9, "99.9th"), (51.0, "51st"), (92.0, "92nd"), (73.0, "73rd"), (11.0, "11th"), (50.0, "50th")],
)
def test_a_percentile_is_written_as_it_is_said(percentile, words):
    """With its ending."""
    assert percentile_words(percentile) == f"{words} percentile"


def test_a_bound_is_written_as_it_was_typed():
    """In the unit that people would use."""
    assert [time_words(seconds) for seconds in (0.02, 0.0005, 1.5, 2e-7)] == ["20 ms", "500 us", "1.5 s", "200 ns"]


def test_a_latency_is_as_exact_as_it_is_known():
    """Three digits, a range where it is wide, and its upper end alone where the lower one says nothing."""
    known = [Range(value=0.01, low=0.0095, high=0.0105), Range(value=0.01, low=0.007, high=0.012)]
    assert [range_words(estimate) for estimate in (*known, Range(value=0.001, low=0.0, high=0.005))] == [
        "10.0", "7.0 to 12", "up to 5.0",
    ]  # fmt: skip
