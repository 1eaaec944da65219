"""The code that runs a model in torch as a contender ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.backends import Device, ModelSource, Settings

BY_THE_SESSION = ("autocast", "cudagraphs", "tf32")
"""Options that need more than a few lines of code."""


def snippet(model: ModelSource, settings: Settings, device: Device) -> str | None:
    """Return the code; see `Backend.snippet`.

    There is none for a user's functions, which the user knows how to call, nor for precisions that a model is cast to when it
    is loaded: the steps of the backend do that.
    """
    options = settings.options
    if settings.precision not in {None, "float32"} or any(getattr(options, name, False) for name in BY_THE_SESSION):
        return None
    if model.format == "pt2":
        head = ["import torch"]
        made = [f"model = torch.export.load({model.location!r}).module()"]
    elif model.format == "onnx":
        head = ["from pathlib import Path", "", "import torch", "from infer_compare_torch.importer import import_model"]
        made = [
            "# torch reads no ONNX file; infer-compare rebuilds the module from the graph.",
            f"model = import_model(Path({model.location!r})).module.eval()",
        ]
    else:
        return None
    if getattr(options, "flush_denormal", False):
        made.insert(0, "torch.set_flush_denormal(True)")
    place = "" if device.kind == "cpu" else f'.to("{device}")'
    if place:
        made.append(f"model = model{place}")
    if getattr(options, "channels_last", False):
        made.append("model = model.to(memory_format=torch.channels_last)")
    if getattr(options, "compile", False):
        mode = ', mode="max-autotune"' if getattr(options, "compile", False) == "max-autotune" else ""
        made.append(f"model = torch.compile(model, dynamic={getattr(options, 'dynamic', False)}{mode})")
    lines = [
        *head,
        "",
        f"torch.set_num_threads({settings.threads})",
        *made,
        "",
        "",
        "@torch.inference_mode()",
        "def predict(*inputs):",
        f"    outputs = model(*[torch.as_tensor(array){place} for array in inputs])",
        "    if not isinstance(outputs, (tuple, list)):",
        "        outputs = [outputs]",
        "    return [output.cpu().numpy() for output in outputs]",
        "",
    ]
    return "\n".join(lines)
