"""Finds the CUDA devices that ONNX Runtime can use, or why it cannot use any.

If ONNX Runtime cannot load its CUDA provider, it falls back to the CPU and only logs the reason, so the reason is determined
here beforehand.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
from functools import cache
from importlib import metadata
from pathlib import Path

from infer_compare.backends import Device

CUDA_PROVIDER = "CUDAExecutionProvider"


@cache
def cuda_problem() -> str | None:
    """Return why ONNX Runtime cannot use CUDA on this machine, as the end of a sentence; None when it can."""
    import onnxruntime

    if CUDA_PROVIDER not in onnxruntime.get_available_providers():
        return f"the installed ONNX Runtime ({distributions()}) is built without {CUDA_PROVIDER}"
    if not cuda_devices():
        return "the NVIDIA driver finds no device on this machine"
    # Suppress its output; the sentence below reports the reason instead.
    with contextlib.redirect_stdout(io.StringIO()):
        onnxruntime.preload_dlls()
    libraries = Path(onnxruntime.__file__).parent / "capi"
    try:
        ctypes.CDLL(str(libraries / "libonnxruntime_providers_shared.so"), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(libraries / "libonnxruntime_providers_cuda.so"))
    except OSError as error:
        return f"{CUDA_PROVIDER} of ONNX Runtime cannot be loaded ({error})"
    return None


@cache
def cuda_devices() -> tuple[Device, ...]:
    """Return the devices that the NVIDIA driver lists, with names and memory; empty without a driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return ()
    count = ctypes.c_int()
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return ()
    return tuple(_device(driver, index) for index in range(count.value))


def _device(driver: ctypes.CDLL, index: int) -> Device:
    handle = ctypes.c_int()
    name = ctypes.create_string_buffer(256)
    total = ctypes.c_size_t()
    driver.cuDeviceGet(ctypes.byref(handle), index)
    driver.cuDeviceGetName(name, len(name), handle)
    known = driver.cuDeviceTotalMem_v2(ctypes.byref(total), handle) == 0
    return Device("cuda", index, name.value.decode("utf-8", "replace"), total.value if known else None)


def distributions() -> str:
    """Return the installed distributions that provide the module `onnxruntime`, with their versions.

    Several are reported as a problem: they overwrite each other's files, and it is unknown which of them runs.
    """
    names = sorted(set(metadata.packages_distributions().get("onnxruntime", [])))
    text = ", ".join(f"{name} {metadata.version(name)}" for name in names) or "onnxruntime"
    return f"{text} (installed over each other: uninstall both, then install one)" if len(names) > 1 else text
