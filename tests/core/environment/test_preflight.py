"""What a user is told before a run."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare.environment import conditions, machine, preflight
from infer_compare.environment.conditions import Conditions
from infer_compare.environment.gpus import GpuProcess
from infer_compare.environment.preflight import warnings
from infer_compare.results import Environment, ForeignProcess

GIB = 2**30
IDEAL = Environment(
    platform="Linux",
    kernel="6.1",
    python="3.12",
    tool_version="1",
    cpu="Some CPU",
    physical_cores=4,
    logical_cores=8,
    usable_cores=8,
    governor="performance",
    memory_total=16 * GIB,
    memory_available=12 * GIB,
    load_average=(0.1, 0.1, 0.1),
    on_battery=False,
    schedstat=True,
)
DISTRIBUTIONS = {"quick": ("quick", "quick-gpu"), "other": ("other",)}
QUIET = Conditions(foreign_cores=0.01, steal_share=0.0, throttled=0)


def told(environment: Environment = IDEAL, now: Conditions = QUIET, threads: int = 4) -> dict[str, preflight.Advice]:
    """The advice by topic."""
    return {advice.topic: advice for advice in warnings(environment, now, threads, DISTRIBUTIONS)}


def on(**changes: object) -> Environment:
    """The ideal machine, but for what is changed."""
    return msgspec.structs.replace(IDEAL, **changes)


def now(**changes: object) -> Conditions:
    """Quiet conditions, but for what is changed."""
    return msgspec.structs.replace(QUIET, **changes)


def test_an_ideal_machine_gives_nothing_to_say() -> None:
    """No word without a reason."""
    assert told() == {}


def test_the_busiest_program_is_named_when_the_machine_is_loaded() -> None:
    """With what to do, and with fewer threads as a way out."""
    advice = told(
        on(load_average=(6.2, 5.0, 4.0)), now(foreign_cores=4.5, busiest=ForeignProcess(123, "python", 0.98))
    )["load"]
    assert advice.text == (
        "The load average is 6.2, other programs take 450 % of a core and the busiest is python (pid 123) with 98 %, "
        "on 8 cores."
    )
    assert "--threads 3" in advice.advice
    assert advice.serious


def test_a_load_average_alone_is_mentioned_without_alarm() -> None:
    """It may be what has just ended."""
    advice = told(on(load_average=(5.0, 5.0, 4.0)))["load"]
    assert not advice.serious
    assert "pid" not in advice.text


def test_a_busy_program_that_leaves_room_is_mentioned_without_alarm() -> None:
    """One core of eight with four threads planned."""
    advice = told(now=now(foreign_cores=1.0, busiest=ForeignProcess(9, "make", 1.0)))["load"]
    assert not advice.serious


def test_no_fewer_threads_than_one_are_offered() -> None:
    """With one thread there is nothing to give up."""
    assert "--threads" not in told(now=now(foreign_cores=3.0), threads=1)["load"].advice


@pytest.mark.parametrize(
    ("environment", "conditions_now", "topic", "word", "serious"),
    [
        (on(governor="powersave"), QUIET, "governor", "powersave", False),
        (on(on_battery=True), QUIET, "battery", "battery", True),
        (on(quota_cores=2.5), QUIET, "quota", "2.5 of 8 cores", False),
        (IDEAL, now(throttled=3), "throttling", "3 times", True),
        (IDEAL, now(steal_share=0.07), "steal", "7 %", True),
        (IDEAL, now(swap_used=2 * GIB), "swap", "2.0 GiB", False),
        (IDEAL, now(nice=10), "priority", "nice 10", True),
        (on(schedstat=False), QUIET, "schedstat", "schedstat", False),
        (IDEAL, now(blind=True), "container", "container", False),
        (IDEAL, now(foreign_cores=None), "contention", "cannot be rejected", True),
        (on(packages={"quick": "1", "quick-gpu": "1", "other": "2"}), QUIET, "quick", "Both quick and quick-gpu", True),
        (IDEAL, now(gpu_processes=(GpuProcess(7, "train", None),)), "gpu", "train (pid 7)", True),
    ],
)
def test_each_disturbance_is_told_with_what_to_do(
    environment: Environment, conditions_now: Conditions, topic: str, word: str, serious: bool
) -> None:
    """One advice, of that topic, with its figures, and no other."""
    found = told(environment, conditions_now)
    assert list(found) == [topic]
    advice = found[topic]
    assert word in advice.text
    assert advice.advice
    assert advice.serious is serious
    assert str(advice) == f"{advice.text} {advice.advice}"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"OMP_NUM_THREADS": "4"}, None),
        ({"OMP_NUM_THREADS": "4,2"}, None),
        ({"OMP_NUM_THREADS": "8"}, "OMP_NUM_THREADS=8 contradicts the budget of 4."),
        ({"OMP_THREAD_LIMIT": "64"}, None),
        ({"OMP_THREAD_LIMIT": "2"}, "OMP_THREAD_LIMIT=2 contradicts the budget of 4."),
        (
            {"MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            "MKL_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1 contradict the budget of 4.",
        ),
        ({"OMP_NUM_THREADS": "many"}, None),
    ],
)
def test_variables_that_contradict_the_thread_budget_are_named(variables, expected: str | None) -> None:
    """Only those that do."""
    found = told(on(variables=variables))
    assert (found["threads"].text if found else None) == expected


def test_a_little_swap_is_nothing_to_speak_of() -> None:
    """Up to a hundredth of the memory."""
    assert told(now=now(swap_used=GIB // 10)) == {}


def test_one_distribution_of_a_module_is_as_it_should_be() -> None:
    """Only several of the same module overwrite each other."""
    assert told(on(packages={"quick-gpu": "1.31", "other": "2"})) == {}


def test_serious_advice_comes_first() -> None:
    """The rest in its own order."""
    found = warnings(on(governor="powersave", on_battery=True, schedstat=False), QUIET, 4)
    assert [advice.topic for advice in found] == ["battery", "governor", "schedstat"]


def test_this_machine_can_be_observed_and_advised() -> None:
    """A real look, with whatever it finds."""
    seen = conditions.observe(seconds=0.05)
    assert seen.foreign_cores is None or seen.foreign_cores >= 0
    for advice in warnings(machine.describe(), seen):
        assert advice.text.endswith(".")
        assert advice.advice.endswith(".")


def test_conditions_are_observed_where_they_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the machine's own budget is taken."""
    monkeypatch.setattr(preflight, "observe", lambda: now(nice=5))
    assert [advice.topic for advice in warnings(IDEAL)] == ["priority"]
