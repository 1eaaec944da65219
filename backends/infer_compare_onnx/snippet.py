"""Code that runs a model in ONNX Runtime as a contender ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.backends import Device, ModelSource, Options, Settings

LEVELS = {"disable": "ORT_DISABLE_ALL", "basic": "ORT_ENABLE_BASIC", "extended": "ORT_ENABLE_EXTENDED"}
"""Those that are not ONNX Runtime's own default."""


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
        provider = f'("CUDAExecutionProvider", {{"device_id": "{device.index}"}})'
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
    """Return a line for each option that is not ONNX Runtime's own default."""
    lines = []
    level = LEVELS.get(getattr(options, "graph_optimization", ""))
    if level is not None:
        lines.append(f"options.graph_optimization_level = ort.GraphOptimizationLevel.{level}")
    if getattr(options, "execution_mode", "") == "parallel":
        lines.append("options.execution_mode = ort.ExecutionMode.ORT_PARALLEL")
        lines.append(f"options.inter_op_num_threads = {threads}")
    return lines
