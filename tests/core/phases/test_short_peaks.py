"""Peaks of memory that are over before the watchdog looks."""

from __future__ import annotations

from infer_compare.interfaces import OperatingPoint
from infer_compare.phases.events import Observer
from infer_compare.phases.probe import Prober
from infer_compare.plugins import Plugins
from infer_compare.preparation.pool import InputPool
from infer_compare.preparation.resolve import resolve
from infer_compare.request.options import RunOptions
from infer_compare.results import Measured, OutOfMemory
from infer_compare.worker.protocol import Explore

from .conftest import contender  # type: ignore[import-not-found]

MIB = 1024 * 1024


def test_a_peak_that_the_watchdog_missed_is_out_of_memory_all_the_same(tmp_path, monkeypatch) -> None:
    """The kernel has kept its height, and the worker is not used again."""
    monkeypatch.setattr("infer_compare.worker.supervisor.watchdog.Watchdog.objection", lambda _self, _pid: None)
    contenders = (contender("a", bytes_per_sample=MIB),)
    request = RunOptions(model="mlp", contenders=contenders, max_memory=200 * MIB, threads=1)
    resolved = resolve(request, Plugins.discover(block=["*"]), tmp_path)
    prober = Prober(resolved.routes["a"], resolved.terms, InputPool(resolved.inputs, 0, tmp_path, None), Observer())

    small = prober.probe(Explore(point=OperatingPoint(1), budget_ns=0))
    large = prober.probe(Explore(point=OperatingPoint(300), budget_ns=0, repeat_rows=True))

    assert isinstance(small, Measured)
    assert isinstance(large, OutOfMemory)
    assert large.evidence == "cap"
    assert "was above the cap of 200 MiB" in large.reason
    assert not prober.worker.alive
