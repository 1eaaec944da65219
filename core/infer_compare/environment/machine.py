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
"""Fields of `/proc/cpuinfo` with the processor's name on different architectures, the most precise first."""


def describe(
    host: Host = LOCAL,
    environ: Mapping[str, str] | None = None,
    *,
    names: Iterable[str] = (),
    prefixes: Iterable[str] = (),
) -> Environment:
    """Return the environment of a run, without `warnings`; values that the system does not report are None.

    This takes about 20 ms, most of it for the versions of installed distributions, and imports no framework.

    Args:
        host: the machine.
        environ: the environment variables to select from; by default those of this process.
        names: distributions whose versions are recorded in addition to those that every run depends on.
        prefixes: prefixes of environment variables that change how frameworks run.
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
    """Return the description of this machine by which backends choose configurations worth trying.

    Args:
        device_kind: kind of the device that the configurations are for.
        host: the machine.
    """
    fields = _cpuinfo(host)
    return Machine(
        cpu_flags=frozenset((fields.get("flags") or fields.get("Features") or "").split()),
        physical_cores=threads.default_threads(host),
        device_kinds=(device_kind,),
    )


def compiled_for(host: Host = LOCAL) -> dict[str, object]:
    """Return the properties that another machine must share to run a program that was compiled on this one."""
    fields = _cpuinfo(host)
    return {
        "architecture": platform.machine(),
        "cpu": _cpu(host),
        "cpu_flags": fields.get("flags") or fields.get("Features"),
        "gpus": gpus.names(host),
        "driver": host.text("/proc/driver/nvidia/version"),
    }


def _platform() -> str:
    """Return the operating system and the architecture, such as `Debian GNU/Linux 12 (bookworm), x86_64`."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = f"macOS {platform.mac_ver()[0]}" if platform.system() == "Darwin" else platform.system()
    return f"{name}, {platform.machine()}"


def _cpuinfo(host: Host) -> dict[str, str]:
    """Return the fields of `/proc/cpuinfo` of the first processor, and those after the list of processors."""
    fields: dict[str, str] = {}
    for line in (host.text("/proc/cpuinfo") or "").splitlines():
        name, colon, value = line.partition(":")
        if colon and value.strip():
            fields.setdefault(name.strip(), value.strip())
    return fields


def _cpu(host: Host) -> str:
    """Return the processor's name."""
    fields = _cpuinfo(host)
    name = next((fields[field] for field in MODEL_FIELDS if field in fields), "")
    # Arm boards have no name there, but numbers of the manufacturer and the model.
    if not name and "CPU part" in fields:
        name = f"implementer {fields.get('CPU implementer', '?')}, part {fields['CPU part']}"
    return name or platform.processor() or platform.machine() or "unknown"


def _governor(host: Host) -> str | None:
    """Return the frequency governors of the usable processors, separated by commas; None without frequency scaling."""
    governors = {
        host.text(f"/sys/devices/system/cpu/cpu{processor}/cpufreq/scaling_governor")
        for processor in threads.affinity()
    }
    return ", ".join(sorted(governor for governor in governors if governor)) or None


def _load_average(host: Host) -> tuple[float, float, float] | None:
    """Return the load averages over 1, 5 and 15 minutes."""
    match (host.text("/proc/loadavg") or "").split():
        case [one, five, fifteen, *_]:
            return float(one), float(five), float(fifteen)
    try:
        return os.getloadavg()
    except OSError:
        return None


def _hypervisor(host: Host) -> str | None:
    """Return the hypervisor of this virtual machine, `unnamed` if not reported; None if it looks like bare metal."""
    fields = _cpuinfo(host)
    flagged = "hypervisor" in fields.get("flags", "").split()
    compatible = host.text("/proc/device-tree/hypervisor/compatible")
    if not flagged and not compatible:
        return None
    vendor = host.text("/sys/class/dmi/id/sys_vendor")
    product = host.text("/sys/class/dmi/id/product_name")
    named = " ".join(part for part in (vendor, product) if part)
    return host.text("/sys/hypervisor/type") or named or (compatible or "").rstrip("\0") or "unnamed"
