"""A module through `torch.compile`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from infer_compare_torch import TorchOptions

UNLIMITED = 1 << 30
"""A limit of compiled programs that no run reaches."""


def compiled(module: nn.Module, options: TorchOptions) -> Callable[..., Any]:
    """Return the module compiled by `torch.compile`; what cannot be compiled raises and does not run eagerly."""
    import torch._dynamo.config as dynamo
    import torch._inductor.config as inductor

    # One program per batch size is intended; by default the ninth would run eagerly.
    dynamo.recompile_limit = UNLIMITED
    dynamo.accumulated_recompile_limit = UNLIMITED
    dynamo.fail_on_recompile_limit_hit = True
    # Compiling is not timed with the calls and takes minutes of processor time, so it may use all cores.
    inductor.compile_threads = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    mode = "max-autotune-no-cudagraphs" if options.compile == "max-autotune" else None
    program: Callable[..., Any] = torch.compile(module, dynamic=None if options.dynamic else False, mode=mode)
    return program


def end_helpers() -> None:
    """End the processes that compiled for CUDA, which would disturb the measurement; the next compilation starts new ones."""
    if "torch._inductor.async_compile" in sys.modules:
        from torch._inductor.async_compile import shutdown_compile_workers

        shutdown_compile_workers()


def counts() -> tuple[int, int]:
    """Return how many programs were compiled and how many graphs broke in this process so far."""
    from torch._dynamo.utils import counters

    return int(counters["stats"]["unique_graphs"]), sum(counters["graph_break"].values())
