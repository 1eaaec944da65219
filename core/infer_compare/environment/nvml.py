"""A probe of disturbances of an NVIDIA GPU, from counters of its driver.

It needs `nvidia-ml-py` (the extra `gpu`) and the driver; without them slices on a GPU are judged like those on a processor.
The counters are the cumulative times, by cause, in which the clocks were slowed: they are read only before and after a
slice.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.environment.gpus import driver_name
from infer_compare.results.slices import GpuDisturbance

if TYPE_CHECKING:
    from infer_compare.interfaces import Device

NVIDIA_KINDS = frozenset({"cuda", "gpu", "tensorrt"})
"""Kinds of devices that are NVIDIA GPUs."""


class GpuSnapshot(msgspec.Struct, frozen=True, gc=False):
    """Counters at one moment; only their differences are meaningful."""

    wall_ns: int
    thermal_ns: int
    power_ns: int
    when_us: int
    """Microseconds since 1970, the clock of the driver's samples."""


class GpuProbe:
    """Reads the counters of one GPU."""

    def __init__(self, library: Any, handle: Any) -> None:  # noqa: ANN401 - an untyped module and its opaque handle
        """Use `probe_for`."""
        self._library = library
        self._handle = handle
        self.siblings: tuple[int, ...] = ()
        """PIDs of the other instances of the same contender, which do not count as foreign."""

    def snapshot(self) -> GpuSnapshot:
        """Return the current counters."""
        library = self._library
        return GpuSnapshot(
            wall_ns=time.perf_counter_ns(),
            thermal_ns=self._violation(library.NVML_PERF_POLICY_THERMAL)
            + self._violation(library.NVML_PERF_POLICY_RELIABILITY),
            power_ns=self._violation(library.NVML_PERF_POLICY_POWER),
            when_us=time.time_ns() // 1000,
        )

    def difference(self, before: GpuSnapshot, after: GpuSnapshot) -> GpuDisturbance:
        """Return what happened between two snapshots."""
        wall_ns = max(1, after.wall_ns - before.wall_ns)
        pid, name = self._foreign(before.when_us)
        return GpuDisturbance(
            slowed_share=max(0, after.thermal_ns - before.thermal_ns) / wall_ns,
            power_capped_share=max(0, after.power_ns - before.power_ns) / wall_ns,
            foreign_pid=pid,
            foreign_name=name,
        )

    def energy_mj(self) -> int | None:
        """Return the millijoules that the GPU used since its driver was loaded; None if it does not count them."""
        try:
            return int(self._library.nvmlDeviceGetTotalEnergyConsumption(self._handle))
        except self._library.NVMLError:
            return None

    def _violation(self, policy: int) -> int:
        """Return the nanoseconds in which the clocks were slowed for a cause; 0 if the GPU does not count them."""
        try:
            return int(self._library.nvmlDeviceGetViolationStatus(self._handle, policy).violationTime)
        except self._library.NVMLError:
            return 0

    def _foreign(self, since_us: int) -> tuple[int | None, str]:
        """Return the PID and name of the other process that used the GPU most since a time, by the driver's samples."""
        library = self._library
        try:
            samples = library.nvmlDeviceGetProcessUtilization(self._handle, since_us)
        except library.NVMLError:
            return None, ""
        ignored = {0, os.getpid(), *self.siblings}
        busy = [sample for sample in samples if sample.smUtil > 0 and sample.pid not in ignored]
        if not busy:
            return None, ""
        top = max(busy, key=lambda sample: sample.smUtil)
        try:
            name = os.path.basename(_text(library.nvmlSystemGetProcessName(top.pid)))  # noqa: PTH119 - not our path
        except library.NVMLError:
            name = ""
        return int(top.pid), name


def probe_for(device: Device) -> GpuProbe | None:
    """Return a probe of a device; None if it is no NVIDIA GPU, or its driver cannot be queried."""
    if device.kind not in NVIDIA_KINDS:
        return None
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        return GpuProbe(pynvml, _handle(pynvml, device.index or 0))
    except (pynvml.NVMLError, ValueError):
        return None


def _handle(library: Any, index: int) -> Any:  # noqa: ANN401 - see above
    """Return the library's handle of the GPU with a number in this process."""
    name = driver_name(index)
    return (
        library.nvmlDeviceGetHandleByIndex(int(name)) if name.isdecimal() else library.nvmlDeviceGetHandleByUUID(name)
    )


def _text(name: str | bytes) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name
