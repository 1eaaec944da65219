"""The correspondence of dtypes: ONNX element types, numpy and torch."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import torch

from infer_compare.backends import UnsupportedModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_READ_ONLY = np.zeros(1)
_READ_ONLY.flags.writeable = False
with warnings.catch_warnings():
    # torch warns once in a process that an array is read-only. Batches are maps of files that nobody may
    # write to, and nothing here does; a copy would be a cost that no user of torch pays.
    warnings.simplefilter("ignore")
    torch.from_numpy(_READ_ONLY)

BY_NAME: dict[str, torch.dtype] = {
    "bool": torch.bool,
    "int8": torch.int8,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
    "uint8": torch.uint8,
    "uint16": torch.uint16,
    "uint32": torch.uint32,
    "uint64": torch.uint64,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
    "complex64": torch.complex64,
    "complex128": torch.complex128,
}
"""numpy's names (`bfloat16` is that of ml_dtypes) and torch's dtypes."""

UNSIGNED_WIDE = frozenset({torch.uint16, torch.uint32, torch.uint64})
"""Dtypes that torch stores, converts and indexes, and cannot compute with."""


def from_name(name: str) -> torch.dtype:
    """Return the torch dtype of a numpy dtype name.

    Raises:
        UnsupportedModel: torch has none, as for strings.
    """
    try:
        return BY_NAME[name]
    except KeyError:
        shown = "string" if name == "object" else name
        raise UnsupportedModel(f"values of type {shown} have no import into torch") from None


def from_onnx(element_type: int) -> torch.dtype:
    """Return the torch dtype of an ONNX element type (`TensorProto.DataType`).

    Raises:
        UnsupportedModel: torch has none, as for strings.
    """
    from onnx import TensorProto, helper

    if element_type in {TensorProto.STRING, TensorProto.UNDEFINED}:
        raise UnsupportedModel("values of type string have no import into torch")
    return from_name(helper.tensor_dtype_to_np_dtype(element_type).name)


def tensor_from_numpy(array: NDArray[Any]) -> torch.Tensor:
    """Return a tensor over the memory of an array, which is copied only where torch cannot address it.

    Raises:
        UnsupportedModel: torch has no such dtype.
    """
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    if array.dtype.name not in BY_NAME:
        from_name(array.dtype.name)
    return torch.from_numpy(array)


def numpy_from_tensor(tensor: torch.Tensor) -> NDArray[Any]:
    """Return an array over the memory of a tensor on the CPU."""
    if tensor.dtype == torch.bfloat16:
        return tensor.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()
