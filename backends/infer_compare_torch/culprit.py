"""The line of a model that keeps torch from tracing it, or that fixes a free size."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from infer_compare.backends import UnsupportedModel, described

if TYPE_CHECKING:
    from collections.abc import Sequence

SHAPES = "torch.fx.experimental.symbolic_shapes"
"""The logger to which torch reports sizes that become fixed."""


class Culprit(logging.Handler):
    """A log handler that keeps the line of the model that made a free size fixed or bounded."""

    def __init__(self) -> None:
        """Start without a line."""
        super().__init__(logging.INFO)
        self.line = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take the innermost line outside of torch that led to the first such message."""
        if self.line or "[guard added]" not in record.getMessage():
            return
        self.line = _model_line(traceback.extract_stack())


def _model_line(stack: Sequence[traceback.FrameSummary]) -> str:
    """Return the innermost line of a stack that is neither torch's, nor Python's, nor of this module; empty without one."""
    torch_folder, here = str(Path(torch.__file__).parent), str(Path(__file__).parent)
    library = str(Path(logging.__file__).parent)
    lines = (
        frame
        for frame in reversed(stack)
        if not frame.filename.startswith((torch_folder, here, library)) and frame.line
    )
    return next((f"{frame.line} ({Path(frame.filename).name}:{frame.lineno})" for frame in lines), "")


def untraceable(error: Exception) -> UnsupportedModel:
    """Return why torch could not trace a model, without the advice to torch's own developers that it ends with."""
    line = _model_line(traceback.extract_tb(error.__traceback__))
    where = f", at {line}" if line else ""
    if "DataDependent" in type(error).__name__:
        reason = f"{type(error).__name__}: its control flow or its shapes depend on values that it computes"
    else:
        reason = described(error, 400)
        for advice in ("The following call raised", "For more information", "To fix the error", "Set TORCH"):
            reason = reason.partition(advice)[0].strip(" .") or reason
    return UnsupportedModel(f"torch.export cannot trace the model ({reason}{where}).")
