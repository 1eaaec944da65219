"""Races among scripted contenders of known speed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare import api
from infer_compare.errors import UsageError
from infer_compare.report import document, find_reporter, render

from .conftest import asked, contender, open_gate  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.plugins import Plugins
    from infer_compare.results import Run

RACE = {"race": True, "budget": 40.0, "batch_sizes": None, "restarts": None, "rounds": None}
FAST = contender("fast", fixed_us=400, per_sample_us=100)
CLOSE = contender("close", fixed_us=400, per_sample_us=115)
SLOW = contender("slow", fixed_us=400, per_sample_us=150)
HOPELESS = contender("hopeless", fixed_us=4000, per_sample_us=1000)


def rounds_of(run: Run, label: str) -> int:
    """How many rounds a contender was measured in."""
    return sum(label in round_.order for round_ in run.rounds)


def test_a_race_finds_the_fastest_and_drops_the_others_early(sweep: Callable[..., Run]) -> None:
    """The farther behind, the earlier."""
    run = sweep(HOPELESS, SLOW, CLOSE, FAST, **RACE)
    recommended = document(run).answers[0].answer.recommended
    assert recommended is not None
    assert recommended.contender == "fast"
    left = {record.contender: record.restart for record in run.dropped}
    assert left.keys() == {"hopeless", "slow", "close"}
    assert left["hopeless"] == 0 < left["slow"] <= left["close"]
    assert rounds_of(run, "hopeless") == 0 < rounds_of(run, "slow") <= rounds_of(run, "close") < rounds_of(run, "fast")


def test_equal_contenders_end_a_race_as_equals(sweep: Callable[..., Run]) -> None:
    """Neither is dropped, and no time is spent on what cannot be told apart."""
    run = sweep(contender("one", per_sample_us=100), contender("other", per_sample_us=100), **RACE)
    assert not run.dropped
    assert run.closing is not None
    assert run.closing.elapsed_s < RACE["budget"] / 2


@pytest.mark.slow
def test_a_race_ends_within_its_budget(sweep: Callable[..., Run]) -> None:
    """Also where trying everybody would take longer; who was not tried is named."""
    names = [f"c{number}" for number in range(20)]
    many = [contender(name, fixed_us=1000, per_sample_us=3000 + number) for number, name in enumerate(names)]
    run = sweep(*many, **{**RACE, "budget": 10.0})
    assert run.closing is not None
    assert run.closing.elapsed_s <= 11.0
    assert "time" in {record.reason for record in run.dropped}
    assert document(run).answers[0].answer.recommended is not None


def test_a_contender_that_does_not_answer_costs_only_its_share(sweep: Callable[..., Run]) -> None:
    """A compilation without an end, for example."""
    run = sweep(FAST, contender("hung", hang_in="prepare"), **{**RACE, "budget": 30.0, "timeout": 3600.0})
    assert run.points
    assert {label for label, _ in run.explored} == {"fast", "hung"}


@pytest.mark.slow
def test_a_latency_bound_drops_who_cannot_keep_it(sweep: Callable[..., Run]) -> None:
    """However high its throughput is at large batch sizes."""
    late = contender("late", fixed_us=30_000, per_sample_us=10)
    run = sweep(FAST, late, **RACE, latency_bound=0.005)
    assert {record.contender: record.reason for record in run.dropped} == {"late": "latency"}
    bound = document(run).answers[0].answer.bound
    assert bound is not None
    assert bound.best is not None
    assert bound.best.contender == "fast"


def test_a_bound_that_nobody_keeps_is_answered_with_the_shortest_latency(sweep: Callable[..., Run]) -> None:
    """Instead of an empty report."""
    run = sweep(FAST, SLOW, **RACE, latency_bound=1e-5)
    assert run.closing is not None
    assert run.closing.reason == "no configuration keeps the latency bound; the shortest latency is 0.5 ms"


@pytest.mark.slow
def test_several_instances_are_not_tried_where_one_is_far_behind(sweep: Callable[..., Run]) -> None:
    """They cannot make up for it."""
    far = contender("far", fixed_us=4000, per_sample_us=1000)
    twice = contender("far twice", fixed_us=4000, per_sample_us=1000, instances=2)
    run = sweep(FAST, far, twice, **RACE)
    assert {record.contender: record.reason for record in run.dropped} == {"far": "slower", "far twice": "untried"}
    assert run.start("far twice") is None


def test_a_race_without_a_budget_is_refused(tmp_path: Path, installed: Plugins) -> None:
    """It would not know how long to race."""
    options = asked(FAST, SLOW, race=True)
    with pytest.raises(UsageError, match="A race needs a budget"):
        api.sweep(options, tmp_path / "run", plugins=installed, surroundings=virtual(open_gate))


@pytest.mark.slow
def test_a_race_that_was_cut_off_is_resumed(sweep: Callable[..., Run], tmp_path: Path, installed: Plugins) -> None:
    """Who was dropped stays dropped; the rest is measured to the end."""
    whole = sweep(HOPELESS, SLOW, FAST, **RACE)
    file = tmp_path / "run" / "run.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if line.startswith(b'{"type":"dropped"'))
    file.write_bytes(b"".join(lines[: first + 6]))
    begun = api.load_run(tmp_path / "run")
    assert {record.contender for record in begun.dropped} >= {"hopeless"}
    run = api.resume(tmp_path / "run", plugins=installed, surroundings=virtual(open_gate))
    assert run.closing is not None
    assert run.closing.state == "complete"
    assert [record.contender for record in run.dropped] == [record.contender for record in whole.dropped]
    assert msgspec.structs.asdict(run.header) == msgspec.structs.asdict(whole.header)


def test_the_report_of_a_race_says_how_to_use_the_winner_and_who_was_dropped(
    sweep: Callable[..., Run], installed: Plugins, tmp_path: Path
) -> None:
    """In every format, with the choices that nobody beats in everything."""
    run = sweep(SLOW, FAST, **RACE)
    (record,) = run.dropped
    assert (record.contender, record.reason, record.against) == ("slow", "slower", "fast")
    assert record.at_most is not None
    assert record.at_most < 1
    assert api.load_run(tmp_path / "run").dropped == run.dropped
    made = document(run)
    assert made.tuning is not None
    assert made.tuning.recipe is not None
    assert made.tuning.recipe.typed.endswith("FakeBackend:fixed_us=400,per_sample_us=100,threads=1")
    assert {choice.contender for choice in made.tuning.front} >= {"fast"}
    assert not made.shortcomings
    for name in ("text", "markdown", "html", "json"):
        text = str(render(find_reporter(name, installed), made))
        assert "per_sample_us=100" in text
        assert "it reaches at most" in text


@pytest.mark.slow
def test_a_race_in_which_nobody_is_exact_enough_says_the_least_error(sweep: Callable[..., Run]) -> None:
    """So that one knows what to ask for."""
    run = sweep(FAST, contender("wrong", outputs="wrong"), **RACE, max_error=1e-3, allow_error=True)
    assert {record.reason for record in run.dropped} == {"error"}
    assert run.closing is not None
    assert run.closing.state == "stopped"
    assert run.closing.reason.startswith(
        "no configuration keeps --max-error 0.001; the least output error is 0.38, of "
    )


def test_a_budget_that_preparing_uses_up_says_what_to_give(sweep: Callable[..., Run]) -> None:
    """Converting a model can take longer than a search was given."""
    surroundings = virtual(open_gate)
    slow = dataclasses.replace(surroundings, peak=lambda _threads: surroundings.sleep(100))
    run = sweep(FAST, SLOW, surroundings=slow, **RACE)
    assert run.closing is not None
    assert run.closing.state == "stopped"
    assert run.closing.reason == (
        "the budget of 40 s was used up before anything was measured: reading and converting the model took 100 s; give "
        "--budget 108s or more for 2 configurations"
    )


@pytest.mark.slow
def test_the_model_file_that_the_code_reads_lies_in_the_run_folder_unless_it_is_the_users_own(
    sweep: Callable[..., Run], tmp_path: Path
) -> None:
    """A built-in model is nobody's file."""
    run = sweep(SLOW, FAST, **RACE)
    assert run.recipe is not None
    assert run.recipe.kept
    built_in = tmp_path / "run" / run.recipe.file
    assert built_in.is_file()
    own = built_in.rename(tmp_path / "own.onnx")
    run = sweep(SLOW, FAST, **RACE, folder="other", model=str(own))
    assert run.recipe is not None
    assert (run.recipe.file, run.recipe.kept) == ("own.onnx", False)
    assert not (tmp_path / "other" / "own.onnx").exists()
