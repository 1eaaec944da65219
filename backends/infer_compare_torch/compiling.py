"""A module through `torch.compile`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from infer_compare_torch import TorchOptions

UNLIMITED = 1 << 30
"""More programs than anyone compiles."""


def compiled(module: nn.Module, options: TorchOptions) -> Callable[..., Any]:
    """Return the module through `torch.compile`; it never falls back to eager in silence.

    Everything is compiled in this process: helpers of the compiler would live on beside the measurement, and take more
    than the thread budget.
    """
    import torch._dynamo.config as dynamo
    import torch._inductor.config as inductor

    # One program per batch size is what was asked for; the ninth would otherwise run eagerly.
    dynamo.recompile_limit = UNLIMITED
    dynamo.accumulated_recompile_limit = UNLIMITED
    dynamo.fail_on_recompile_limit_hit = True
    inductor.compile_threads = 1
    mode = "max-autotune-no-cudagraphs" if options.compile == "max-autotune" else None
    program: Callable[..., Any] = torch.compile(module, dynamic=None if options.dynamic else False, mode=mode)
    return program


def counts() -> tuple[int, int]:
    """Return how many programs were compiled and how many graphs broke in this process so far."""
    from torch._dynamo.utils import counters

    return int(counters["stats"]["unique_graphs"]), sum(counters["graph_break"].values())
