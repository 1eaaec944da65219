"""What type checkers accept as a model of `sweep`: checked by mypy with the rest, never run."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import onnx
import torch

import infer_compare as ic


def named() -> ic.Result:
    """A model is a name or a path."""
    ic.sweep("mlp", threads=1)
    return ic.sweep(Path("model.onnx"))


def live() -> ic.Result:
    """A model is an object of a framework."""
    ic.sweep(torch.nn.Linear(3, 4), inputs="x:f32[batch,3]")
    return ic.sweep(onnx.ModelProto())


def refused() -> ic.Result:
    """A number is no model."""
    return ic.sweep(3)  # type: ignore[call-overload, no-any-return]


def indexed(result: ic.Result) -> None:
    """A label finds rows, a label and a size one of them."""
    assert_type(result["onnx"], tuple[ic.PointRow, ...])
    assert_type(result["onnx", 8], ic.PointRow)
