"""What slowed a GPU, from a driver's library that is pretended; a real one is asked where there is one."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from infer_compare.environment.gate import rejection
from infer_compare.environment.nvml import probe_for
from infer_compare.interfaces import Device
from infer_compare.results.slices import GpuDisturbance

from .conftest import slice_with  # type: ignore[import-not-found]


class NVMLError(Exception):
    """As the library names it."""


# ruff: noqa: N802 - the library's own names
class Library(SimpleNamespace):
    """The functions of `pynvml` that are used, over counters that a test sets."""

    NVMLError = NVMLError
    NVML_PERF_POLICY_POWER, NVML_PERF_POLICY_THERMAL, NVML_PERF_POLICY_RELIABILITY = 0, 1, 5

    def __init__(self) -> None:
        super().__init__(asked=None, violations={}, samples=[], broken=False)

    def nvmlInit(self):
        """Fails where there is no driver."""
        if self.broken:
            raise NVMLError

    def nvmlDeviceGetHandleByIndex(self, index):
        """Which one was asked for."""
        self.asked = index
        return index

    def nvmlDeviceGetHandleByUUID(self, name):
        """Which one was asked for."""
        self.asked = name
        return name

    def nvmlDeviceGetViolationStatus(self, _handle, policy):
        """A cumulative time."""
        if policy not in self.violations:
            raise NVMLError
        return SimpleNamespace(violationTime=self.violations[policy])

    def nvmlDeviceGetProcessUtilization(self, _handle, _since):
        """Samples of processes; an error where there is none."""
        if not self.samples:
            raise NVMLError
        return self.samples

    def nvmlSystemGetProcessName(self, _pid):
        """Bytes, as old versions give it."""
        return b"/usr/bin/train"


@pytest.fixture
def library(monkeypatch) -> Library:
    """A driver's library on a machine that names no visible devices."""
    made = Library()
    monkeypatch.setitem(sys.modules, "pynvml", made)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return made


def disturbance(library, *, thermal=0, power=0, reliability=0) -> GpuDisturbance:
    """What a probe says when counters move between two snapshots by so many nanoseconds."""
    probe = probe_for(Device("cuda"))
    library.violations = {0: 0, 1: 0, 5: 0}
    before = probe.snapshot()
    library.violations = {0: power, 1: thermal, 5: reliability}
    return probe.difference(before, probe.snapshot())


def told(gpu: GpuDisturbance) -> str | None:
    """What the gate says of a slice that nothing else disturbed."""
    return rejection(slice_with(gpu=gpu), threads=2, schedstat=True)


def test_a_gpu_that_nothing_slowed_is_fine(library) -> None:
    """No counter moved, and nobody else used it."""
    found = disturbance(library)

    assert found == GpuDisturbance(slowed_share=0.0, power_capped_share=0.0)
    assert told(found) is None


@pytest.mark.parametrize("cause", ["thermal", "reliability"])
def test_heat_and_faults_reject_a_slice(library, cause) -> None:
    """They are no property of the contender."""
    found = disturbance(library, **{cause: 10**12})

    assert found.slowed_share > 1
    assert "held the GPU's clocks down" in told(found)


def test_the_power_limit_rejects_nothing(library) -> None:
    """A contender that draws more power has that as its own property."""
    found = disturbance(library, power=10**12)

    assert found.power_capped_share > 1
    assert told(found) is None


def test_another_process_on_the_gpu_is_named(library) -> None:
    """The one that used it most; idle ones do not matter."""
    library.samples = [SimpleNamespace(pid=7, smUtil=0), SimpleNamespace(pid=8, smUtil=30)]

    assert told(disturbance(library)) == "train (pid 8) used the GPU"


def test_counters_that_a_gpu_does_not_have_count_as_zero(library) -> None:
    """Old ones have few."""
    probe = probe_for(Device("cuda"))

    assert probe.difference(probe.snapshot(), probe.snapshot()).slowed_share == 0


@pytest.mark.parametrize(("visible", "index", "asked"), [("", 1, 1), ("2,3", 1, 3), ("GPU-abc", 0, "GPU-abc")])
def test_the_gpu_is_the_one_that_the_process_sees(library, monkeypatch, visible, index, asked) -> None:
    """`CUDA_VISIBLE_DEVICES` renumbers them."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    assert probe_for(Device("cuda", index)) is not None
    assert library.asked == asked


def test_without_a_gpu_a_driver_or_its_library_there_is_no_probe(library, monkeypatch) -> None:
    """And slices are accepted by what the processor did alone."""
    assert probe_for(Device("cpu")) is None
    assert probe_for(Device("accelerator")) is None
    library.broken = True
    assert probe_for(Device("cuda")) is None
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert probe_for(Device("cuda")) is None
