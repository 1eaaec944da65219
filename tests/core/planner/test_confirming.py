"""Which sizes are measured again by workers that run nothing else."""

from __future__ import annotations

import pytest

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.confirming import candidates, depends_on_the_process
from infer_compare.results import Measured, Probe, Round, Slice
from infer_compare.results.slices import Diagnostics

from .conftest import run_of  # type: ignore[import-not-found]

POINT = OperatingPoint(16)
CALLS = 10


def restarts(*pages, point=POINT, phase="measure", call_ns=1):
    """A round of each restart, in which a call fetches so many pages."""
    return [
        Round(
            phase=phase, restart=restart, index=restart, point=point, order=("a",), clean=True,
            slices=(
                Slice(
                    contender="a", position=0, started_ns=0, durations_ns=(call_ns,) * (CALLS - 3), discarded=3,
                    diagnostics=Diagnostics(
                        wall_ns=1, own_cpu_ns=1, system_ns=0, run_delay_ns=0, foreign_ns=0, steal_share=0.0,
                        minor_faults=CALLS * fetched, major_faults=0, active_threads=1, cores=2, top=None,
                    ),
                ),
            ),
        )
        for restart, fetched in enumerate(pages, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ((1376, 0, 26), True),
        ((1376, 352, 1201), True),
        ((1376, 1201, 1506), False),
        ((0, 9, 2), False),
        ((1376,), False),
        ((), False),
    ],
)
def test_a_size_whose_calls_fetch_pages_in_some_restarts_only_depends_on_the_process(pages, expected) -> None:
    """The figures are those of PyTorch at batch 16, and of sizes that fetch pages always or never."""
    assert depends_on_the_process(restarts(*pages), "a", POINT) is expected


def test_other_sizes_contenders_and_phases_say_nothing_about_it() -> None:
    """Fresh workers that confirmed are no restart, and each size has its own pages."""
    rounds = [*restarts(0, 0), *restarts(1376, 0, point=OperatingPoint(8)), *restarts(1376, phase="confirm")]
    assert not depends_on_the_process(rounds, "a", POINT)
    assert not depends_on_the_process(restarts(1376, 0), "b", POINT)


@pytest.mark.parametrize(
    ("mode", "expected"), [("quick", (1, 2)), ("default", (1, 2, 4, 16)), ("thorough", (1, 2, 4, 16))]
)
def test_a_quick_run_confirms_only_sizes_that_it_may_recommend(mode, expected) -> None:
    """Others measure a size again, too, that depends on the process and is far from the best."""
    speeds = {1: 10_000, 2: 20_000, 4: 80_000, 8: 800_000, 16: 9_000_000}
    records = []
    for size, call_ns in speeds.items():
        point, pages = OperatingPoint(size), (1376, 0, 26) if size == 16 else (0, 0, 0)
        outcome = Measured(prepare_ns=0, first_call_ns=call_ns, latency_ns=call_ns)
        records.append(Probe(phase="explore", contender="a", point=point, outcome=outcome))
        records += restarts(*pages, point=point, call_ns=call_ns)
    run = run_of(*records, mode=mode)
    assert candidates(run, ["a"]) == {"a": tuple(map(OperatingPoint, expected))}
