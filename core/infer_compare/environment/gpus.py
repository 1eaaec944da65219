"""NVIDIA GPUs according to their driver, without a framework or library."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment.host import LOCAL, Host
from infer_compare.errors import BackendUnusable

if TYPE_CHECKING:
    from infer_compare.interfaces import Settings

TIMEOUT_S = 3.0
VISIBLE = "CUDA_VISIBLE_DEVICES"


class GpuProcess(msgspec.Struct, frozen=True):
    """A program that computes on a GPU."""

    pid: int
    name: str
    memory: int | None
    """Bytes; None if the driver does not report it."""


def names(host: Host = LOCAL) -> tuple[str, ...]:
    """Return the models of the GPUs, ordered by bus address."""
    folder = "/proc/driver/nvidia/gpus"
    models: list[str] = []
    for address in host.names(folder):
        for line in (host.text(f"{folder}/{address}/information") or "").splitlines():
            key, colon, value = line.partition(":")
            if colon and key.strip() == "Model":
                models.append(value.strip())
    return tuple(models)


def processes(program: str = "nvidia-smi") -> tuple[GpuProcess, ...]:
    """Return the other programs that compute on a GPU; empty if `nvidia-smi` is missing, fails or is slow.

    Inside a container the driver shows no processes: an empty result does not prove that there are none.
    """
    path = shutil.which(program)
    if path is None:
        return ()
    query = [path, "--query-compute-apps=pid,process_name,used_memory", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    parsed = map(_parse, answer.stdout.splitlines())
    return tuple(process for process in parsed if process is not None and process.pid != os.getpid())


def driver_name(index: int) -> str:
    """Return the driver's name of the GPU with number `index` in this process, which `CUDA_VISIBLE_DEVICES` may renumber.

    Raises:
        ValueError: the process sees no such GPU.
    """
    names = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    if not names:
        return str(index)
    if index >= len(names):
        raise ValueError(f"{VISIBLE} shows no device {index}")
    return names[index]


def device_memory_fraction(settings: Settings, index: int = 0) -> float | None:
    """Return `Settings.device_memory` as a share of a GPU's memory, from 0 to 1; None without a limit.

    Some frameworks need this share before they start, such as XLA (`XLA_PYTHON_CLIENT_MEM_FRACTION`). The memory size comes
    from `nvidia-smi`, which takes a tenth of a second and needs no framework.

    Args:
        settings: settings of the backend.
        index: number of the GPU, as in `cuda:1`.

    Raises:
        BackendUnusable: the driver does not report the size of the memory.
    """
    if settings.device_memory is None:
        return None
    answer = ""
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        program = shutil.which("nvidia-smi") or "nvidia-smi"
        query = [program, "--query-gpu=memory.total", "--format=csv,noheader,nounits", f"--id={driver_name(index)}"]
        done = subprocess.run(query, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
        answer = done.stdout.strip()
    if not answer.isdecimal() or not int(answer):
        raise BackendUnusable(
            f"--max-device-memory needs the size of the memory of cuda:{index}, which nvidia-smi does not tell; leave it out."
        )
    return min(1.0, settings.device_memory / (int(answer) * 2**20))


def _parse(line: str) -> GpuProcess | None:
    """Return the process in a line such as `123, python, 456`, with memory in MiB; the name may contain commas."""
    pid, _, rest = line.partition(",")
    name, _, memory = rest.rpartition(",")
    if not pid.strip().isdecimal() or not name:
        return None
    mib = memory.strip()
    return GpuProcess(int(pid), name.strip().rpartition("/")[2], int(mib) * 1024 * 1024 if mib.isdecimal() else None)
