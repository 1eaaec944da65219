"""Energy counters of a machine that is pretended: powercap files in a folder, and a driver's library."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from infer_compare.environment.energy import energy, meter_for
from infer_compare.environment.host import Host
from infer_compare.interfaces import Device, MetricUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CPU = Device("cpu")
POWERCAP = "/sys/class/powercap"
MAXIMUM = 262_143_328_850


def zone(name: str, uj: int, number: str = "0") -> dict[str, str]:
    """The files of a zone."""
    folder = f"{POWERCAP}/intel-rapl:{number}"
    return {f"{folder}/name": name, f"{folder}/energy_uj": f"{uj}\n", f"{folder}/max_energy_range_uj": f"{MAXIMUM}\n"}


def test_joules_are_the_difference_of_the_counter(recorded):
    """Microjoules in the file."""
    meter = meter_for(CPU, recorded(zone("package-0", 1_000_000)))
    meter.start()
    recorded(zone("package-0", 3_500_000))
    assert meter.stop() == pytest.approx(2.5)


def test_a_counter_that_begins_anew_is_continued(recorded):
    """It wraps at the range that the kernel names."""
    meter = meter_for(CPU, recorded(zone("package-0", MAXIMUM - 400_000)))
    meter.start()
    recorded(zone("package-0", 100_000))
    assert meter.stop() == pytest.approx(0.5)


def test_all_packages_are_added_and_their_parts_are_not(recorded):
    """A zone of cores or of memory is part of its package, or of none; psys is the whole machine."""
    before = {
        **zone("package-0", 0),
        **zone("core", 0, "0:0"),
        **zone("package-1", 0, "1"),
        **zone("psys", 0, "2"),
    }
    meter = meter_for(CPU, recorded(before))
    meter.start()
    recorded(
        {
            **zone("package-0", 1_000_000),
            **zone("core", 900_000, "0:0"),
            **zone("package-1", 2_000_000, "1"),
            **zone("psys", 9_000_000, "2"),
        }
    )
    assert meter.stop() == pytest.approx(3.0)


def test_a_machine_without_counters_says_so(recorded):
    """As in most virtual machines."""
    with pytest.raises(MetricUnavailable, match="this machine has no energy counter"):
        meter_for(CPU, recorded({}))


def test_a_counter_with_nonsense_in_it_is_not_read(recorded):
    """Whatever the kernel may say."""
    with pytest.raises(MetricUnavailable, match=r"energy_uj cannot be read: .*invalid"):
        meter_for(CPU, recorded({**zone("package-0", 0), f"{POWERCAP}/intel-rapl:0/energy_uj": "invalid"}))


@pytest.fixture
def for_root_only() -> Iterator[Host]:
    """A machine whose counter only root may read, and a process that is not root."""
    root = Path(tempfile.mkdtemp())
    files: Mapping[str, str] = zone("package-0", 1)
    for name, content in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (root / f"{POWERCAP}/intel-rapl:0/energy_uj".lstrip("/")).chmod(0o400 if os.geteuid() == 0 else 0)
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield Host(root)
    finally:
        os.seteuid(was)
        shutil.rmtree(root)


def test_a_counter_for_root_alone_is_told_with_the_remedy(for_root_only):
    """As on most Linux machines since 2020."""
    with pytest.raises(MetricUnavailable, match=r"may only be read by root; run as root, or allow it: sudo chmod a\+r"):
        meter_for(CPU, for_root_only)


class NVMLError(Exception):
    """As the library names it."""


def library(**functions: object) -> SimpleNamespace:
    """A driver's library with these functions besides."""
    return SimpleNamespace(
        **{
            "NVMLError": NVMLError,
            "nvmlInit": lambda: None,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            **functions,
        }
    )


def test_the_energy_of_a_gpu_is_that_of_its_driver(monkeypatch):
    """Millijoules since the driver was loaded."""
    counted = iter([5_000, 5_000, 12_500])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", library(nvmlDeviceGetTotalEnergyConsumption=lambda _: next(counted)))
    meter = meter_for(Device("cuda"))
    meter.start()
    assert meter.stop() == pytest.approx(7.5)


def test_a_gpu_that_does_not_count_says_so(monkeypatch):
    """Older ones, and other makers' devices."""

    def refuse(_handle: object) -> int:
        raise NVMLError

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", library(nvmlDeviceGetTotalEnergyConsumption=refuse))
    for device in (Device("cuda"), Device("xpu")):
        with pytest.raises(MetricUnavailable, match=f"{device} has no energy counter"):
            meter_for(device)


def test_the_metric_is_joules_a_sample():
    """Its column says so."""
    assert energy().column == "energy_j_per_sample"
    assert energy().full_unit == "J/sample"
