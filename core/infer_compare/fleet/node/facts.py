"""Facts about a machine that jobs run on."""

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
    """Return the facts of this machine by name; those that the system does not give are left out.

    `host` is the same for all nodes of one host. `memory` and `memory_limit` are in bytes.
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
    """Return the version of each framework that is installed here, by `framework.BACKEND`; takes about a second.

    Nothing is imported into this process, and no framework at all: a child lists the backends.

    Args:
        meanwhile: called again and again while that takes.
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
    """Return the machine that has said these facts of itself.

    Args:
        name: as the launcher addresses it.
        facts: as `machine_facts` returns them there.
        labels: what it can be chosen by, besides `cpu`, `hostname` and, where there is one, `gpu`.
    """
    own = {"hostname": facts.get("hostname", ""), "cpu": facts.get("cpu", ""), "gpu": facts.get("gpus", "")}
    return Machine(
        id=name,
        host=facts.get("host", name),
        labels={key: value for key, value in own.items() if value} | dict(labels or {}),
        cpus=int(facts.get("usable_cores") or os.cpu_count() or 1),
        gpus=int(facts.get("gpu_count", "0")),
    )
