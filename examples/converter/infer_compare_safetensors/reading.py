"""Safetensors files: the length of a header, the header as JSON, then the numbers. Nothing in them is code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from infer_compare.backends import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
"""The dtypes of weights that numpy supports."""


class Contents(NamedTuple):
    """The tensors and metadata of a file."""

    tensors: dict[str, NDArray[Any]]
    metadata: dict[str, str]


def read(path: Path) -> Contents:
    """Read a file whole.

    Raises:
        ModelError: it is none, is cut short, or has a dtype that is not read.
    """
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    try:
        header: dict[str, Any] = json.loads(data[8 : 8 + size])
        metadata = header.pop("__metadata__", {})
        tensors = {name: _tensor(name, entry, data[8 + size :], path) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a safetensors file, or it is cut short.") from error
    return Contents(tensors, metadata)


def _tensor(name: str, entry: dict[str, Any], data: bytes, path: Path) -> NDArray[Any]:
    if entry["dtype"] not in DTYPES:
        raise ModelError(f"The tensor {name!r} of {path} is {entry['dtype']}; save it as one of {', '.join(DTYPES)}.")
    begin, end = entry["data_offsets"]
    return np.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
