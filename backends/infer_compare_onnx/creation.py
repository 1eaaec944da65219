"""Creates an ONNX Runtime session with the settings of a contender."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import onnxruntime

from infer_compare.backends import DeviceUnavailable, OptionError
from infer_compare_onnx.devices import CUDA_PROVIDER, cuda_devices, cuda_problem
from infer_compare_onnx.failures import explain

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.backends import Device, Settings
    from infer_compare_onnx.options import OnnxOptions

CPU_PROVIDER = "CPUExecutionProvider"
SILENT = 4
"""Log severity of only fatal errors; otherwise every failed allocation is logged besides being raised."""

LEVELS = {
    "disable": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
MODES = {
    "sequential": onnxruntime.ExecutionMode.ORT_SEQUENTIAL,
    "parallel": onnxruntime.ExecutionMode.ORT_PARALLEL,
}
SPINNING = "session.intra_op.allow_spinning"
DENORMAL_AS_ZERO = "session.set_denormal_as_zero"
TAKEN = {"device_id": "@cuda:1", "gpu_mem_limit": "--max-device-memory"}
"""Options of the CUDA provider that infer-compare sets itself."""


def make_session(path: Path, device: Device, settings: Settings) -> Any:  # noqa: ANN401 - ONNX Runtime has no type hints
    """Return a session of a model on a device.

    Raises:
        DeviceUnavailable: there is no such device, or ONNX Runtime took another one.
        OptionError: the provider does not have an option.
        UnsupportedModel: an operator, type or opset that ONNX Runtime does not have.
        ModelError: the file is not a valid ONNX model.
    """
    onnxruntime.set_default_logger_severity(SILENT)
    options = _session_options(settings)
    chosen: OnnxOptions = settings.options  # type: ignore[assignment]
    provider: Any = CPU_PROVIDER
    if device.kind == "cuda":
        _require_cuda(device)
        provider = (CUDA_PROVIDER, _cuda_options(chosen, device, settings.device_memory))
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    elif chosen.provider:
        raise OptionError(
            f"provider.{min(chosen.provider)} is an option of an accelerator's provider, and {CPU_PROVIDER} has none; leave it "
            "out, or name a device such as @cuda:0."
        )
    try:
        # With its fallback enabled, ONNX Runtime prints to stdout and runs on the CPU.
        session = onnxruntime.InferenceSession(path, options, providers=[provider], enable_fallback=False)
    except Exception as error:
        explained = explain(error, path)
        if explained is None:
            raise
        raise explained from error
    wanted = CUDA_PROVIDER if device.kind == "cuda" else CPU_PROVIDER
    if wanted not in session.get_providers():
        raise DeviceUnavailable(
            f"ONNX Runtime used {', '.join(session.get_providers())} instead of {wanted} for {device}; "
            "its log says why (ORT_LOGGING_LEVEL, or its requirements page for CUDA and cuDNN versions)."
        )
    if chosen.provider:
        known = session.get_provider_options().get(wanted, {})
        unknown = next((name for name in chosen.provider if name not in known), None)
        if unknown is not None:
            raise OptionError(f"{wanted} has no option {unknown!r}; its options: {', '.join(sorted(known))}.")
    return session


def spins(options: OnnxOptions, threads: int, instances: int) -> bool:
    """Return whether idle threads spin: by default not if they would take cores from working threads."""
    if options.allow_spinning is not None:
        return options.allow_spinning
    every = os.cpu_count() or 1
    # An instance that is pinned to its own cores sees no others.
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else every
    return threads <= usable and threads * instances <= every


def _session_options(settings: Settings) -> Any:  # noqa: ANN401 - as above
    options: OnnxOptions = settings.options  # type: ignore[assignment]
    made = onnxruntime.SessionOptions()
    made.log_severity_level = SILENT
    made.intra_op_num_threads = settings.threads
    made.graph_optimization_level = LEVELS[options.graph_optimization]
    made.execution_mode = MODES[options.execution_mode]
    made.inter_op_num_threads = settings.threads if options.execution_mode == "parallel" else 1
    made.enable_cpu_mem_arena = options.arena
    made.enable_mem_pattern = options.memory_pattern
    spinning = "1" if spins(options, settings.threads, settings.instances) else "0"
    for entry in (SPINNING, SPINNING.replace("intra", "inter")):
        made.add_session_config_entry(entry, spinning)
    made.add_session_config_entry(DENORMAL_AS_ZERO, "1" if options.denormal_as_zero else "0")
    return made


def _cuda_options(options: OnnxOptions, device: Device, limit: int | None) -> dict[str, str]:
    for name, instead in TAKEN.items():
        if name in options.provider:
            raise OptionError(f"provider.{name} is set by infer-compare; write {instead} instead.")
    chosen = {"device_id": str(device.index), **options.provider}
    if limit is not None:
        # The limit applies only to its arena; memory of cuDNN and cuBLAS is not counted.
        chosen["gpu_mem_limit"] = str(limit)
    return chosen


def _require_cuda(device: Device) -> None:
    problem = cuda_problem()
    if problem is not None:
        raise DeviceUnavailable(f"ONNX Runtime cannot use {device}: {problem}.")
    if device.index >= len(cuda_devices()):
        raise DeviceUnavailable(f"There is no {device}; the last device is cuda:{len(cuda_devices()) - 1}.")
