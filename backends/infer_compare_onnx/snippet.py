"""Writes code that runs a model in ONNX Runtime as a contender ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.backends import Device, ModelSource, Options, Settings

LEVELS = {"disable": "ORT_DISABLE_ALL", "basic": "ORT_ENABLE_BASIC", "extended": "ORT_ENABLE_EXTENDED"}
"""Optimization levels that are not ONNX Runtime's default."""


def snippet(model: ModelSource, settings: Settings, device: Device) -> str:
    """Return the code; see `Backend.snippet`."""
    lines = [
        "import onnxruntime as ort",
        "",
        "options = ort.SessionOptions()",
        f"options.intra_op_num_threads = {settings.threads}",
        *_chosen(settings.options, settings.threads),
    ]
    provider = '"CPUExecutionProvider"'
    if device.kind == "cuda":
        chosen = {"device_id": str(device.index), **getattr(settings.options, "provider", {})}
        provider = f'("CUDAExecutionProvider", {chosen})'
    lines += [
        "session = ort.InferenceSession(",
        f"    {model.location!r}, options, providers=[{provider}]",
        ")",
        "names = [node.name for node in session.get_inputs()]",
        "",
        "",
        "def predict(*inputs):",
        "    return session.run(None, dict(zip(names, inputs)))",
        "",
    ]
    return "\n".join(lines)


def _chosen(options: Options, threads: int) -> list[str]:
    """Return a line for each option that is not ONNX Runtime's default."""
    lines = []
    level = LEVELS.get(getattr(options, "graph_optimization", ""))
    if level is not None:
        lines.append(f"options.graph_optimization_level = ort.GraphOptimizationLevel.{level}")
    if getattr(options, "execution_mode", "") == "parallel":
        lines.append("options.execution_mode = ort.ExecutionMode.ORT_PARALLEL")
        lines.append(f"options.inter_op_num_threads = {threads}")
    if not getattr(options, "arena", True):
        lines.append("options.enable_cpu_mem_arena = False")
    if not getattr(options, "memory_pattern", True):
        lines.append("options.enable_mem_pattern = False")
    spinning = getattr(options, "allow_spinning", None)
    if spinning is not None:
        value = "1" if spinning else "0"
        lines.append(f'options.add_session_config_entry("session.intra_op.allow_spinning", "{value}")')
    if getattr(options, "denormal_as_zero", False):
        lines.append('options.add_session_config_entry("session.set_denormal_as_zero", "1")')
    return lines
