"""torch itself in this process: its threads, its devices, its precision."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import warnings
from typing import TYPE_CHECKING, Any

import torch

from infer_compare.backends import BackendUnusable, Device, DeviceUnavailable

if TYPE_CHECKING:
    from infer_compare.backends import Settings


def start(settings: Settings) -> str:
    """Apply the thread budget and return torch's version.

    Operators run one after the other, so all threads go to the one that runs.

    Raises:
        BackendUnusable: torch reads back other numbers of threads.
    """
    torch.set_num_threads(settings.threads)
    if torch.get_num_interop_threads() != 1:
        try:
            torch.set_num_interop_threads(1)
        except RuntimeError as error:
            raise BackendUnusable(
                "torch already ran in this process, so its threads cannot be set; load it in a new process."
            ) from error
    counts = torch.get_num_threads(), torch.get_num_interop_threads()
    if counts != (settings.threads, 1):
        raise BackendUnusable(
            f"torch runs with {counts[0]} threads within and {counts[1]} across operators, though {settings.threads} "
            "and 1 were asked for; this build of torch does not take a thread budget."
        )
    torch.manual_seed(settings.seed)
    return str(torch.__version__)


def devices() -> list[Device]:
    """Return the CPU, and every CUDA device with its name and memory."""
    available = [Device("cpu")]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            available.append(Device("cuda", index, properties.name, properties.total_memory))
    return available


def resolve(device: Device) -> torch.device:
    """Return the torch device.

    Raises:
        DeviceUnavailable: torch cannot use it on this machine.
    """
    if device.kind == "cpu":
        return torch.device("cpu")
    if device.kind != "cuda":
        raise DeviceUnavailable(f"The torch backend runs on cpu and cuda, not on {device.kind}.")
    if torch.version.cuda is None and torch.version.hip is None:
        raise DeviceUnavailable(
            f"torch {torch.__version__} is a build for the CPU; install a build with CUDA to use {device}."
        )
    if not torch.cuda.is_available():
        raise DeviceUnavailable(f"torch {torch.__version__} finds no CUDA device, so {device} cannot be used.")
    count = torch.cuda.device_count()
    if device.index >= count:
        raise DeviceUnavailable(f"There is no device {device}: torch finds {count} CUDA device(s), counted from 0.")
    return torch.device("cuda", device.index)


def limit_memory(device: torch.device, limit: int | None) -> None:
    """Make torch's allocator raise its out-of-memory at `limit` bytes of a device's memory; None leaves it all."""
    if limit is None or device.type != "cuda":
        return
    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, limit / total), device)


def need_compiler() -> None:
    """Check for the C++ compiler that `torch.compile` uses for the CPU: that in CXX, or g++.

    Raises:
        BackendUnusable: there is none, or it does not work.
    """
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except (InvalidCxxCompiler, OSError) as error:
        named = os.environ.get("CXX")
        usual = "clang++" if sys.platform == "darwin" else "g++"
        looked = f"CXX={named} does not run" if named else f"{usual} is not installed"
        other = "" if named else ", set CXX=clang++" if shutil.which("clang++") else ", set CXX to another compiler"
        raise BackendUnusable(
            f"torch:compile=true needs a C++ compiler for the CPU, and {looked}; install one (apt-get install g++){other}, "
            "or leave compile=true out."
        ) from error


def evaluating(module: torch.nn.Module) -> torch.nn.Module:
    """Return a module in evaluation mode. One that came out of an export has no modes: it does what it was exported to do."""
    with contextlib.suppress(NotImplementedError):
        module.eval()
    return module


def weights(module: torch.nn.Module) -> str:
    """Return the dtype of most weights; empty if there are none."""
    counts: dict[torch.dtype, int] = {}
    for weight in module.parameters():
        if weight.is_floating_point():
            counts[weight.dtype] = counts.get(weight.dtype, 0) + weight.numel()
    return str(max(counts, key=lambda dtype: counts[dtype])).removeprefix("torch.") if counts else ""


def lowered(device: torch.device) -> dict[str, list[str]]:
    """Return which kinds of operations torch computes `float32` in less for, by what it computes them in."""
    cuda = device.type == "cuda"
    library: Any = torch.backends.cudnn if cuda else torch.backends.mkldnn
    products = torch.backends.cuda.matmul if cuda else library.matmul
    settings = {
        "matmul": products.fp32_precision,
        "conv": library.conv.fp32_precision,
        "rnn": library.rnn.fp32_precision,
    }
    kinds: dict[str, list[str]] = {}
    for kind, setting in settings.items():
        if setting not in {"none", "ieee"}:
            kinds.setdefault({"bf16": "bfloat16"}.get(setting, setting), []).append(kind)
    return dict(sorted(kinds.items()))


def cudnn_version() -> str:
    """Return the version of the cuDNN that is loaded, such as `9.10.2`: another one than the wheel's may be found first."""
    number: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}" if number else "none"


def set_tf32(*, allowed: bool) -> None:
    """Allow or forbid that CUDA computes `float32` in TF32; torch allows it for convolutions when it starts."""
    with warnings.catch_warnings():
        # The newer switches leave the older ones as they are, and torch raises where code of others then reads those.
        warnings.simplefilter("ignore")
        torch.backends.cuda.matmul.allow_tf32 = allowed
        torch.backends.cudnn.allow_tf32 = allowed


def flush_denormals() -> None:
    """Have denormal numbers taken for zero; to be called before torch starts its threads, which inherit it.

    Raises:
        BackendUnusable: this processor cannot.
    """
    if not torch.set_flush_denormal(True):
        raise BackendUnusable("torch:flush_denormal=true is not possible on this processor; leave it out.")


def flushes_denormals() -> bool:
    """Return whether all of torch's threads take denormal numbers for zero."""
    return not (torch.full((1 << 18,), 1e-310, dtype=torch.float64) * 1.0).any().item()


def uses_mkldnn() -> bool:
    """Return whether torch gives convolutions and products on the CPU to oneDNN."""
    mkldnn: Any = torch.backends.mkldnn
    return bool(mkldnn.enabled and mkldnn.is_available())
