"""How long a run will take, told before it."""

from __future__ import annotations

import pytest

from infer_compare.errors import UsageError
from infer_compare.planner.forecast import Forecast, forecast
from infer_compare.request.units import parse_duration, parse_size

from .conftest import run_of  # type: ignore[import-not-found]


def plan(**changes):
    """A plan of the default mode over four sizes."""
    return run_of(**{"batch_sizes": (1, 2, 4, 8), "rounds_per_restart": 4, **changes}).header


def quick(**changes):
    """A plan of the quick mode."""
    return plan(mode="quick", restarts=3, rounds_per_restart=2, **changes)


def test_more_work_takes_longer() -> None:
    """More contenders, more sizes, a more thorough mode."""
    base = forecast(quick(), 2)
    assert 0 < base.low_s < base.high_s
    thorough = plan(mode="thorough", restarts=8, rounds_per_restart=4)
    for more in (forecast(quick(), 3), forecast(quick(batch_sizes=tuple(range(1, 20))), 2), forecast(thorough, 2)):
        assert more.low_s > base.low_s
        assert more.high_s > base.high_s


@pytest.mark.parametrize(
    ("sizes", "contenders", "took_s"),
    [(None, 2, 27.8), (None, 2, 31.6), (None, 3, 50.8), (None, 3, 56.8), (None, 2, 22.3)],
)
def test_quick_runs_of_small_nets_took_what_is_told(sizes, contenders, took_s) -> None:
    """Seconds of stored runs with torch, onnx and tensorflow."""
    told = forecast(quick(batch_sizes=sizes), contenders)
    assert told.low_s < took_s < told.high_s


@pytest.mark.parametrize("took_s", [81.1, 76.3])
def test_default_runs_of_small_nets_took_what_is_told(took_s) -> None:
    """Three contenders over six sizes."""
    told = forecast(plan(batch_sizes=(1, 2, 4, 8, 16, 32)), 3)
    assert told.low_s < took_s < told.high_s


def test_a_budget_is_what_is_told() -> None:
    """Exactly."""
    assert forecast(quick(budget=300.0), 2) == Forecast(300.0, 300.0, ", the budget")
    assert str(forecast(quick(budget=300.0), 2)) == "about 5 min, the budget"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(12.4, 61.0, "12 to 61 s"), (3.84, 27.2, "3.8 to 27 s"), (50.0, 300.0, "0.83 to 5 min"), (20.1, 20.4, "20 s")],
)
def test_figures_are_told_as_roughly_as_they_are_known(low, high, words) -> None:
    """Two digits; minutes from two of them on."""
    assert str(Forecast(low, high, "")) == f"about {words}"


def test_the_search_for_the_limit_is_not_hidden() -> None:
    """What it takes is not known."""
    assert "limit on top" in forecast(quick(find_limit=True), 2).why


@pytest.mark.parametrize(
    ("text", "seconds"), [("20ms", 0.02), ("90 s", 90), ("5m", 300), ("1.5h", 5400), (".5us", 5e-7)]
)
def test_durations_are_read_with_their_units(text, seconds) -> None:
    """Into seconds."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "20", "ms", "-1s", "0s", "1 day", "nan s", "1e3s"])
def test_what_is_no_duration_is_refused(text) -> None:
    """In a sentence."""
    with pytest.raises(UsageError):
        parse_duration(text)


def test_sizes_are_read_with_their_units() -> None:
    """Into bytes."""
    assert (parse_size("4GiB"), parse_size("1500MB"), parse_size("1 B")) == (4 << 30, 1_500_000_000, 1)
    with pytest.raises(UsageError, match="has no unit"):
        parse_size("4")
