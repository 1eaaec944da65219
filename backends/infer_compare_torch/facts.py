"""The options that are in effect in a session, read back from torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from infer_compare_torch import runtime
from infer_compare_torch.batches import pins

if TYPE_CHECKING:
    from infer_compare_torch import TorchOptions


def facts_of(options: TorchOptions, device: torch.device) -> dict[str, str]:
    """Return the options that are in effect in a session on a device."""
    facts = {
        "execution": "compiled" if options.compile else "eager",
        "memory_format": "channels_last" if options.channels_last else "contiguous",
    }
    if options.compile:
        facts["programs"] = "dynamic" if options.dynamic else "static"
        if options.compile == "max-autotune":
            facts["autotuned"] = "yes"
    if device.type == "cuda":
        facts["cudnn"] = runtime.cudnn_version()
        facts["cudnn_benchmark"] = "yes" if torch.backends.cudnn.benchmark else "no"
        facts["cudagraphs"] = "yes" if options.cudagraphs else "no"
    else:
        facts["mkldnn"] = "yes" if runtime.uses_mkldnn() else "no"
    if options.flush_denormal:
        facts["denormals"] = "flushed" if runtime.flushes_denormals() else "kept"
    if options.loader_workers:
        facts["loader_workers"] = str(options.loader_workers)
    if options.pin_memory:
        facts["pin_memory"] = "yes" if pins(options) else "no"
    return facts
