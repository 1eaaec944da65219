"""`benchmarks/capacity.py`: what it makes of replays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infer_compare.capacity.values import Batching, Configuration, Pace, Prediction, Range, Replayed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Modules = Callable[[str], ModuleType]

STEADY = Pace(measured=(1.0, 0.99, 1.01), replayed=(1.0, 1.01))
CHANGED = Pace(measured=(0.8, 1.2, 1.0), replayed=(1.4, 0.9))
CONFIGURATION = Configuration(contender="onnx", batching=Batching(max_batch=8, max_delay_s=1e-3), copies=1)


@pytest.fixture
def capacity(benchmark_module: Modules) -> ModuleType:
    """The program."""
    return benchmark_module("capacity")


@pytest.fixture
def cell(capacity: ModuleType) -> Callable[..., Any]:
    """Makes a replay whose predictions are 10, 20 and 30 ms at 100 requests a second."""

    def make(
        *,
        seen: tuple[float, float, float] = (10.0, 20.0, 30.0),
        throughput: float = 100.0,
        pace: Pace = STEADY,
        undisturbed: float = 0.9,
        **others: Any,
    ) -> Any:
        keys = ("50", "95", "99")
        ranges = {
            key: Range(value=value, low=value, high=value) for key, value in zip(keys, (0.01, 0.02, 0.03), strict=False)
        }
        predicted = Prediction(
            rate=100.0,
            saturation_share=0.85,
            percentiles_s=ranges,
            mean_s=0.01,
            utilisation=0.5,
            queue_share=0.1,
            mean_batch=1.5,
            requests=10_000,
        )
        measured = {key: value / 1e3 for key, value in zip(keys, seen, strict=False)}
        replayed = Replayed(
            configuration=CONFIGURATION,
            predicted=predicted,
            percentiles_s=dict.fromkeys(keys, 1.0),
            clean_percentiles_s=measured,
            undisturbed=undisturbed,
            throughput=throughput,
            requests=10_000,
            answered=10_000,
            lost=0,
            mean_batch=1.5,
            late_s=0.0,
            shared_core=False,
            pace=pace,
        )
        own = {"kind": "60 %", "speed": "slow", **others}
        return capacity.Cell(model="cnn", contender="onnx", rate=100.0, saturation=118.0, replayed=replayed, **own)

    return make


@pytest.mark.parametrize(
    ("seen", "throughput", "speed", "met"),
    [
        ((11.0, 22.0, 27.0), 98.0, "slow", True),
        ((11.0, 22.0, 40.0), 98.0, "slow", False),
        ((11.0, 22.0, 40.0), 98.0, "fast", True),
        ((11.5, 22.0, 30.0), 98.0, "fast", False),
        ((10.0, 20.0, 30.0), 95.0, "fast", False),
    ],
)
def test_percentiles_and_throughput_are_held_against_the_aims(cell, seen, throughput, speed, met) -> None:
    """In clean windows; of fast calls the 99th percentile is none of them."""
    assert cell(seen=seen, throughput=throughput, speed=speed).met is met


def test_a_decision_is_right_where_the_bound_is_kept_and_not_kept_beyond(cell) -> None:
    """By the 99th percentile that was measured."""
    assert cell(kind="kept", bound_s=0.031).met
    assert not cell(kind="kept", bound_s=0.029).met
    assert cell(kind="beyond", bound_s=0.029).met
    assert not cell(kind="beyond", bound_s=0.031).met


def test_every_aim_has_a_sentence(capacity: ModuleType, cell) -> None:
    """And every replay a line."""
    cells = [cell(), cell(kind="30 %", speed="fast", seen=(20.0, 20.0, 30.0)), cell(kind="kept", bound_s=0.04)]
    assert capacity.row(cells[0]) == (
        "| cnn | onnx | 60 % | 10,000 | 10, 20, 30 ms | 10, 20, 30 ms | +0%, +0%, +0% | 100, 100 | met |"
    )
    assert capacity.row(cells[2]).endswith("| 100, 100 | p99 of 40 ms is kept: met |")
    assert list(capacity.verdict(cells)) == [
        "met: 1 of 1 replays of slow calls have p50 within 15%, p95 within 15%, p99 within 15%",
        "missed: 0 of 1 replays of fast calls have p50 within 10%, p95 within 30%",
        "met: 2 of 2 replays have the predicted throughput within 3%",
        "met: 1 of 1 decisions at about 85% are right",
        "met: 0 of 30,000 requests were lost",
    ]


def test_a_replay_beside_other_programs_is_not_judged(capacity: ModuleType, cell) -> None:
    """Where they took the processors most of the time."""
    disturbed = cell(undisturbed=0.4)
    assert not disturbed.judged
    assert capacity.row(disturbed).endswith(
        "| not judged: other programs took the processors for 60% of the requests |"
    )


def test_a_replay_on_a_machine_that_changed_its_speed_is_not_judged(capacity: ModuleType, cell) -> None:
    """It is printed, and said to be left out; its requests are counted."""
    cells = [cell(pace=CHANGED, seen=(20.0, 40.0, 60.0)), cell(), cell(kind="kept", bound_s=0.001, pace=CHANGED)]
    assert capacity.row(cells[0]).endswith(
        "| not judged: the machine changed its speed (calls took 0.78 to 1.22 times as long as on average) |"
    )
    assert list(capacity.verdict(cells)) == [
        "met: 1 of 1 replays of slow calls have p50 within 15%, p95 within 15%, p99 within 15%",
        "met: 1 of 1 replays have the predicted throughput within 3%",
        "cannot be said: no decisions on a quiet machine that kept its speed",
        "met: 0 of 30,000 requests were lost",
        "not judged: 2 of 3 replays, during which the machine was busy or changed its speed",
    ]
