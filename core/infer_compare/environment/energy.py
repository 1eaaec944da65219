"""Energy counters: of processor packages from the kernel's powercap files, of NVIDIA GPUs from their driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.environment.host import LOCAL, Host
from infer_compare.environment.nvml import NVIDIA_KINDS, probe_for
from infer_compare.interfaces.metrics import Metric, MetricUnavailable

if TYPE_CHECKING:
    from infer_compare.environment.nvml import GpuProbe
    from infer_compare.interfaces import Device
    from infer_compare.interfaces.metrics import Meter

POWERCAP = "/sys/class/powercap"
_CONTROL = "intel-rapl:"
"""Prefix of the zones of processor packages, including AMD's; `intel-rapl-mmio:` zones are of the same packages."""
MICROJOULE = 1e-6
MILLIJOULE = 1e-3


def energy(host: Host = LOCAL) -> Metric:
    """Return the built-in metric `energy`, in joules per sample.

    Args:
        host: the machine whose counters are read.
    """
    return Metric(
        name="energy",
        unit="J",
        per="sample",
        description="energy of the whole processor package, or of the whole GPU for a contender on one, idle parts included",
        meter=lambda device: meter_for(device, host),
    )


def meter_for(device: Device, host: Host = LOCAL) -> Meter:
    """Return the energy meter of a device.

    Raises:
        MetricUnavailable: the device has no readable counter.
    """
    if device.kind == "cpu":
        return PackageMeter(host)
    probe = probe_for(device) if device.kind in NVIDIA_KINDS else None
    if probe is None or probe.energy_mj() is None:
        raise MetricUnavailable(
            f"{device} has no energy counter that can be read; NVIDIA GPUs since Volta have one: "
            "pip install 'infer-compare[gpu]'"
        )
    return GpuMeter(probe)


class Counter(NamedTuple):
    """The energy counter of one package."""

    file: str
    range_uj: int
    """The value at which the counter restarts from 0."""


class PackageMeter:
    """Measures the energy of all processor packages together."""

    def __init__(self, host: Host = LOCAL) -> None:
        """Find the counters and read them once.

        Raises:
            MetricUnavailable: there are none, or they may not be read.
        """
        self._host = host
        self._counters = tuple(self._package_counters())
        self._before: tuple[int, ...] = ()
        if not self._counters:
            raise MetricUnavailable(
                f"this machine has no energy counter ({POWERCAP} has no package of intel-rapl); virtual machines rarely have one"
            )
        self.start()

    def start(self) -> None:
        """Read the counters."""
        self._before = self._read()

    def stop(self) -> float:
        """Return the joules since `start`; a counter may have restarted from 0 once in between."""
        pairs = zip(self._counters, self._before, self._read(), strict=True)
        return MICROJOULE * sum(
            after - before + (counter.range_uj if after < before else 0) for counter, before, after in pairs
        )

    def _package_counters(self) -> list[Counter]:
        folders = [
            f"{POWERCAP}/{zone}"
            for zone in self._host.names(POWERCAP)
            # Zones with two numbers are parts of a package, whose counter includes them.
            if zone.startswith(_CONTROL) and zone.count(":") == 1
        ]
        return [
            Counter(f"{folder}/energy_uj", self._host.number(f"{folder}/max_energy_range_uj") or 0)
            for folder in folders
            if (self._host.text(f"{folder}/name") or "").startswith("package")
        ]

    def _read(self) -> tuple[int, ...]:
        return tuple(map(self._number, (counter.file for counter in self._counters)))

    def _number(self, file: str) -> int:
        try:
            return int(self._host.path(file).read_text())
        except PermissionError:
            raise MetricUnavailable(
                f"{file} may only be read by root; run as root, or allow it: sudo chmod a+r {POWERCAP}/{_CONTROL}*/energy_uj"
            ) from None
        except (OSError, ValueError) as error:
            raise MetricUnavailable(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None


class GpuMeter:
    """Measures the energy of a GPU."""

    def __init__(self, probe: GpuProbe) -> None:
        """Use `meter_for`."""
        self._probe = probe
        self._before: int | None = None

    def start(self) -> None:
        """Read the counter."""
        self._before = self._probe.energy_mj()

    def stop(self) -> float | None:
        """Return the joules since `start`; None if the driver no longer reports them."""
        after = self._probe.energy_mj()
        return None if self._before is None or after is None else MILLIJOULE * (after - self._before)
