"""Peaks of memory that are over before the watchdog looks."""

from __future__ import annotations

from infer_compare.interfaces import OperatingPoint
from infer_compare.phases.context import RunContext, Surroundings
from infer_compare.phases.events import Observer
from infer_compare.phases.journal import Journal
from infer_compare.phases.probe import Probes
from infer_compare.preparation.resolve import resolve
from infer_compare.results import Measured, OutOfMemory
from infer_compare.worker.client import LocalProcess
from infer_compare.worker.protocol import Explore

from .conftest import asked, contender  # type: ignore[import-not-found]

MIB = 1024 * 1024


def unwatched(python: str | None, *, max_memory: int) -> LocalProcess:
    """Workers whose memory nobody watches."""
    return LocalProcess(python)


def test_a_peak_that_the_watchdog_missed_is_out_of_memory_all_the_same(installed, tmp_path) -> None:
    """The kernel has kept its height, and the worker is not used again."""
    resolved = resolve(asked(contender("a", bytes_per_sample=MIB), max_memory=200 * MIB), installed, tmp_path)
    journal = Journal(lambda _record: None, [resolved.header])
    context = RunContext.of(resolved, journal, Observer(), tmp_path, Surroundings(launch=unwatched))
    probes = Probes(context, context.routes["a"])

    small = probes.probe(Explore(point=OperatingPoint(1), budget_ns=0))
    large = probes.probe(Explore(point=OperatingPoint(300), budget_ns=0, repeat_rows=True))

    assert isinstance(small, Measured)
    assert isinstance(large, OutOfMemory)
    assert large.evidence == "cap"
    assert "was above the cap of 200 MiB" in large.reason
    assert not probes.worker.alive
