"""This machine and what is installed on it, as a run's header records them."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from infer_compare.environment import gpus, memory, packages, power, threads, variables
from infer_compare.environment.cgroup import control_groups
from infer_compare.environment.host import LOCAL, Host
from infer_compare.environment.schedstat import has_schedstat
from infer_compare.interfaces import Machine
from infer_compare.results.environment import Environment
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MODEL_FIELDS = ("model name", "Model Name", "cpu model", "cpu", "Hardware", "Processor")
"""What `/proc/cpuinfo` calls the processor on one architecture and another, the most telling first."""


def describe(
    host: Host = LOCAL,
    environ: Mapping[str, str] | None = None,
    *,
    names: Iterable[str] = (),
    prefixes: Iterable[str] = (),
) -> Environment:
    """The conditions under which a run is made, `warnings` left empty; what the system does not tell is None.

    Takes some 20 ms, most of them for the versions of installed distributions. Imports no framework.

    Args:
        host: the machine.
        environ: the environment variables to choose from; by default this process's.
        names: distributions whose versions are told, beside those that every run depends on.
        prefixes: beginnings of the environment variables that change how frameworks run.
    """
    limit = memory.limit(host)
    return Environment(
        platform=_platform(),
        kernel=platform.release(),
        python=platform.python_version(),
        tool_version=__version__,
        cpu=_cpu(host),
        physical_cores=threads.physical_cores(host),
        logical_cores=threads.logical_cores(host),
        usable_cores=threads.usable_cores(host),
        quota_cores=control_groups(host).quota_cores(),
        governor=_governor(host),
        memory_total=memory.total(host),
        memory_available=limit.available,
        memory_limit=limit.size if limit.kind == "control group" else None,
        memory_group=limit.group,
        swap_total=memory.swap(host)[0],
        load_average=_load_average(host),
        hypervisor=_hypervisor(host),
        clock_source=host.text("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        on_battery=power.on_battery(host),
        gpus=gpus.names(host),
        schedstat=has_schedstat(host),
        variables=variables.relevant(os.environ if environ is None else environ, prefixes),
        packages=packages.versions((*packages.OWN, *names)),
    )


def machine(device_kind: str = "cpu", host: Host = LOCAL) -> Machine:
    """Return what a backend needs to know of this machine to list the configurations worth trying.

    Args:
        device_kind: of the device that they are to run on.
        host: the machine.
    """
    fields = _cpuinfo(host)
    return Machine(
        cpu_flags=frozenset((fields.get("flags") or fields.get("Features") or "").split()),
        physical_cores=threads.default_threads(host),
        device_kinds=(device_kind,),
    )


def compiled_for(host: Host = LOCAL) -> dict[str, object]:
    """Return what decides whether a program that was compiled on this machine is right for another one."""
    fields = _cpuinfo(host)
    return {
        "architecture": platform.machine(),
        "cpu": _cpu(host),
        "cpu_flags": fields.get("flags") or fields.get("Features"),
        "gpus": gpus.names(host),
        "driver": host.text("/proc/driver/nvidia/version"),
    }


def _platform() -> str:
    """The operating system and the architecture, such as `Debian GNU/Linux 12 (bookworm), x86_64`."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = f"macOS {platform.mac_ver()[0]}" if platform.system() == "Darwin" else platform.system()
    return f"{name}, {platform.machine()}"


def _cpuinfo(host: Host) -> dict[str, str]:
    """The fields that `/proc/cpuinfo` gives of the first processor, and those after the list of processors."""
    found: dict[str, str] = {}
    for line in (host.text("/proc/cpuinfo") or "").splitlines():
        name, colon, value = line.partition(":")
        if colon and value.strip():
            found.setdefault(name.strip(), value.strip())
    return found


def _cpu(host: Host) -> str:
    """The processor's name."""
    fields = _cpuinfo(host)
    name = next((fields[field] for field in MODEL_FIELDS if field in fields), "")
    # Arm boards have no name there, but numbers for who made it and what it is.
    if not name and "CPU part" in fields:
        name = f"implementer {fields.get('CPU implementer', '?')}, part {fields['CPU part']}"
    return name or platform.processor() or platform.machine() or "unknown"


def _governor(host: Host) -> str | None:
    """The frequency governors of the processors that may be used, one name if they agree; None without scaling."""
    found = {
        host.text(f"/sys/devices/system/cpu/cpu{processor}/cpufreq/scaling_governor")
        for processor in threads.affinity()
    }
    names = sorted(name for name in found if name)
    return ", ".join(names) or None


def _load_average(host: Host) -> tuple[float, float, float] | None:
    """Runnable programs on average over 1, 5 and 15 minutes."""
    match (host.text("/proc/loadavg") or "").split():
        case [one, five, fifteen, *_]:
            return float(one), float(five), float(fifteen)
    try:
        return os.getloadavg()
    except OSError:
        return None


def _hypervisor(host: Host) -> str | None:
    """Who made the virtual machine (`unnamed` where it does not say); None on bare metal, as far as can be told."""
    fields = _cpuinfo(host)
    flagged = "hypervisor" in fields.get("flags", "").split()
    compatible = host.text("/proc/device-tree/hypervisor/compatible")
    if not flagged and not compatible:
        return None
    vendor = host.text("/sys/class/dmi/id/sys_vendor")
    product = host.text("/sys/class/dmi/id/product_name")
    named = " ".join(part for part in (vendor, product) if part)
    return host.text("/sys/hypervisor/type") or named or (compatible or "").rstrip("\0") or "unnamed"
