"""Facts about the machine that a job runs on."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment.host import LOCAL, Host
from infer_compare.environment.machine import describe
from infer_compare.interfaces.launchers import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FRAMEWORKS_S = 60.0
"""How long listing the versions of frameworks may take."""
LOOK_S = 0.5


def machine_facts(host: Host = LOCAL) -> dict[str, str]:
    """Return the facts of this machine by name, without those that the system does not provide.

    The fact `host` is the same for all nodes of a host. `memory` and `memory_limit` are in bytes.
    """
    environment = describe(host)
    boot_id = host.text("/proc/sys/kernel/random/boot_id") or ""
    values = {
        "hostname": platform.node(),
        "boot_id": boot_id,
        "host": f"{boot_id or 'unknown'} {platform.node()}",
        "platform": environment.platform,
        "cpu": environment.cpu,
        "physical_cores": environment.physical_cores,
        "logical_cores": environment.logical_cores,
        "usable_cores": environment.usable_cores,
        "quota_cores": environment.quota_cores,
        "memory": environment.memory_total,
        "memory_limit": environment.memory_limit,
        "gpus": ", ".join(environment.gpus),
        "gpu_count": len(environment.gpus),
        "python": environment.python,
        "interpreter": sys.executable,
        "infer_compare": environment.tool_version,
    }
    return {name: str(value) for name, value in values.items() if value not in {None, ""}}


def framework_facts(meanwhile: Callable[[], object]) -> dict[str, str]:
    """Return the version of each installed framework, by `framework.BACKEND`; takes about a second.

    A child process lists the backends, without importing any framework.

    Args:
        meanwhile: called repeatedly during that time.
    """
    command = [sys.executable, "-P", "-m", "infer_compare", "backends", "--json"]
    until = time.monotonic() + FRAMEWORKS_S
    try:
        with tempfile.TemporaryFile() as output:
            lister = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)
            while lister.poll() is None:
                if time.monotonic() > until:
                    lister.kill()
                meanwhile()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    lister.wait(LOOK_S)
            output.seek(0)
            listed = msgspec.json.decode(output.read(), type=_Listed)
    except (OSError, msgspec.MsgspecError):
        return {}
    return {
        f"framework.{backend.name}": backend.framework_version or "installed"
        for backend in listed.backends
        if backend.installed
    }


class _Backend(msgspec.Struct):
    name: str
    installed: bool
    framework_version: str


class _Listed(msgspec.Struct):
    backends: list[_Backend]


def machine_of(name: str, facts: Mapping[str, str], labels: Mapping[str, str] | None = None) -> Machine:
    """Return the machine that a set of facts describes.

    Args:
        name: by which the launcher addresses it.
        facts: as returned by `machine_facts` on that machine.
        labels: further labels, besides `cpu`, `hostname` and, if it has a GPU, `gpu`.
    """
    usual = {"hostname": facts.get("hostname", ""), "cpu": facts.get("cpu", ""), "gpu": facts.get("gpus", "")}
    return Machine(
        id=name,
        host=facts.get("host", name),
        labels={key: value for key, value in usual.items() if value} | dict(labels or {}),
        cpus=int(facts.get("usable_cores") or os.cpu_count() or 1),
        gpus=int(facts.get("gpu_count", "0")),
    )
