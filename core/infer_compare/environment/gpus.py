"""NVIDIA GPUs as the driver tells of them, with no framework and no library."""

from __future__ import annotations

import os
import shutil
import subprocess

import msgspec

from infer_compare.environment.host import LOCAL, Host

TIMEOUT_S = 3.0


class GpuProcess(msgspec.Struct, frozen=True):
    """A program that computes on a GPU."""

    pid: int
    name: str
    memory: int | None
    """Bytes; None where the driver does not tell."""


def names(host: Host = LOCAL) -> tuple[str, ...]:
    """The models of the GPUs that the driver serves, in the order of their bus addresses."""
    folder = "/proc/driver/nvidia/gpus"
    found: list[str] = []
    for address in host.names(folder):
        for line in (host.text(f"{folder}/{address}/information") or "").splitlines():
            key, colon, value = line.partition(":")
            if colon and key.strip() == "Model":
                found.append(value.strip())
    return tuple(found)


def processes(program: str = "nvidia-smi") -> tuple[GpuProcess, ...]:
    """Programs other than this one that compute on a GPU; none where `nvidia-smi` is missing, fails or is slow.

    Inside a container the driver shows no process, so that none seen does not prove that there is none.
    """
    path = shutil.which(program)
    if path is None:
        return ()
    query = [path, "--query-compute-apps=pid,process_name,used_memory", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(one for one in map(_parse, answer.stdout.splitlines()) if one is not None and one.pid != os.getpid())


def _parse(line: str) -> GpuProcess | None:
    """A line such as `123, python, 456`, with memory in MiB; the name may hold commas."""
    pid, _, rest = line.partition(",")
    name, _, memory = rest.rpartition(",")
    if not pid.strip().isdecimal() or not name:
        return None
    mib = memory.strip()
    return GpuProcess(int(pid), name.strip().rpartition("/")[2], int(mib) * 1024 * 1024 if mib.isdecimal() else None)
