"""A run of a model as a CUDA graph, which is replayed without launching its kernels one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from infer_compare.backends import FailureKind, UnsupportedModel, described
from infer_compare_torch.failures import classify

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UPS = 3
"""Runs before the recording, in which libraries choose their kernels; torch's documentation has as many."""


def record(call: Callable[[], Any], device: torch.device) -> tuple[torch.cuda.CUDAGraph, Any]:
    """Return the graph of a call, and what it returns: tensors that each replay writes to.

    Raises:
        UnsupportedModel: the call asks the host for something on its way, which no graph can hold.
    """
    try:
        with torch.cuda.device(device):
            aside: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(WARM_UPS):
                    call()
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                outputs = call()
    except Exception as error:
        if classify(error).kind is not FailureKind.NO:
            raise
        raise UnsupportedModel(
            f"This model cannot be recorded as a CUDA graph ({described(error)}); leave cudagraphs=true out."
        ) from error
    return graph, outputs
