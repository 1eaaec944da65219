"""`benchmarks/tune.py`: what it makes of the throughputs of a sweep and the choices of searches."""

from __future__ import annotations

from types import SimpleNamespace as Fake
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    Modules = Callable[[str], ModuleType]

RATES = {"onnx": {1: 100.0, 8: 200.0}, "onnx int8": {1: 300.0, 8: 400.0}}
"""Samples a second, by contender and batch size."""


@pytest.fixture
def tune(benchmark_module: Modules) -> ModuleType:
    """The program."""
    return benchmark_module("tune")


def test_a_choice_is_judged_by_the_final(tune: ModuleType) -> None:
    """At the size that was chosen; nothing is worth nothing."""
    final = tune.Figures(RATES, 120.0, 4)
    shares = {("onnx int8", 8): 1.0, ("onnx int8", 1): 0.75, ("onnx", 8): 0.5, ("torch", 8): 0.0, (None, 0): 0.0}
    assert {choice: tune.Search(*choice, 30.0).share(final) for choice in shares} == shares


def test_the_fastest_of_a_sweep_come_to_the_final(tune: ModuleType) -> None:
    """Each with its best batch size."""
    sweep = tune.Figures({**RATES, "torch": {1: 150.0, 8: 120.0}, "nothing": {}}, 120.0, 4)
    assert sweep.fastest(3) == [("onnx int8", 8), ("onnx", 8), ("torch", 1)]
    assert sweep.fastest(1) == [("onnx int8", 8)]


def test_a_search_has_a_third_of_the_time_of_the_sweep(tune: ModuleType) -> None:
    """Or what starting its configurations takes, where that is more."""
    assert tune.Figures(RATES, 300.0, 4).budget == pytest.approx(100)
    assert tune.Figures(RATES, 30.0, 4).budget == tune.LEAST_S
    assert tune.Figures(RATES, 30.0, 100).budget == pytest.approx(84)


def test_a_line_has_what_most_and_the_worst_search_reached(tune: ModuleType) -> None:
    """And the longest of them beside the sweep."""
    sweep, final = tune.Figures({}, 100.0, 4), tune.Figures(RATES, 50.0, 2)
    searches = [tune.Search("onnx int8", 8, 20.0), tune.Search("onnx int8", 8, 32.0), tune.Search("onnx", 8, 30.0)]
    line = tune.row(tune.Judged("cnn", sweep, searches, final))
    assert line == "| cnn | 4 | 100 s | 30 s (0.32) | 2 of 3 | 1.000 | 0.500 |"


@pytest.mark.parametrize(
    ("bad", "slow", "words"),
    [
        (1, 0, "passed: 9 of 10 searches reached 97% of the best, and 10 of 10 took"),
        (2, 0, "failed: 8 of 10 searches reached 97% of the best, and 10 of 10 took"),
        (0, 1, "failed: 10 of 10 searches reached 97% of the best, and 9 of 10 took"),
    ],
)
def test_nine_of_ten_searches_are_to_reach_nearly_the_best_in_a_third_of_the_time(
    tune: ModuleType, bad: int, slow: int, words: str
) -> None:
    """All models together."""
    sweep, final = tune.Figures({}, 120.0, 4), tune.Figures(RATES, 50.0, 2)
    searches = [
        tune.Search("onnx" if place < bad else "onnx int8", 8, 41.0 if place < slow else 39.0) for place in range(10)
    ]
    models = [tune.Judged("cnn", sweep, searches[:5], final), tune.Judged("mlp", sweep, searches[5:], final)]
    assert tune.verdict(models).startswith(words)


@pytest.mark.parametrize(
    ("closing", "rounds", "goes_on"),
    [
        (None, 3, False),
        ("interrupted", 3, True),
        ("interrupted", 0, False),
        ("stopped", 0, False),
        ("complete", 3, True),
    ],
)
def test_a_sweep_goes_on_where_its_time_is_known(
    tune: ModuleType, closing: str | None, rounds: int, *, goes_on: bool
) -> None:
    """One that was killed, or found the machine busy before it measured anything, begins again."""
    run = Fake(closing=Fake(state=closing) if closing else None, rounds=range(rounds))
    assert tune.can_go_on(run) is goes_on


def test_a_run_that_was_stopped_is_no_answer(tune: ModuleType) -> None:
    """It says why, and is not counted as a bad choice."""
    header = Fake(options=Fake(model="cnn"))
    tune.ended(Fake(header=header, closing=Fake(state="complete", reason="")))
    with pytest.raises(SystemExit, match="cnn: stopped: the machine is busy; the same command goes on"):
        tune.ended(Fake(header=header, closing=Fake(state="stopped", reason="the machine is busy")))


def test_searches_are_kept_between_commands(tune: ModuleType, tmp_path: Path) -> None:
    """In their order, as many as are asked for."""
    searches = [tune.Search("onnx", 8, 20.0), tune.Search(None, 0, 25.5)]
    for search in searches:
        tune.keep(tmp_path / "searches.jsonl", search)
    assert list(tune.stored(tmp_path / "searches.jsonl", 10)) == searches
    assert list(tune.stored(tmp_path / "searches.jsonl", 1)) == searches[:1]
    assert list(tune.stored(tmp_path / "none.jsonl", 10)) == []
