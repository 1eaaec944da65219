"""Tensors as the protocol writes them: a JSON document, and behind it the raw bytes of each tensor, or all of it in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from infer_compare.backends import TensorSpec, UnsupportedModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends import Array
    from infer_compare_remote.connection import Answer

BATCH = "batch"
DTYPES = {
    "BOOL": "bool",
    "UINT8": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
}
"""The protocol's names of the types that numpy has. Texts (BYTES) and BF16 are left out."""
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Message(NamedTuple):
    """A request, ready to be sent."""

    body: bytes
    headers: dict[str, str]


def spec_of(tensor: dict[str, Any]) -> TensorSpec:
    """Return the spec of a tensor from the server's metadata. A first axis without a size is the batch axis.

    Raises:
        UnsupportedModel: it is of a type that numpy does not have.
    """
    name, kind = str(tensor["name"]), str(tensor["datatype"])
    if kind not in DTYPES:
        raise UnsupportedModel(f"The server's tensor {name!r} is of the type {kind}, which numpy does not have.")
    sizes = [int(size) for size in tensor["shape"]]
    axes = [size if size >= 0 else BATCH if axis == 0 else f"{name}_axis{axis}" for axis, size in enumerate(sizes)]
    return TensorSpec(name, DTYPES[kind], tuple(axes))


def written(
    arrays: Sequence[Array], inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec], *, binary: bool
) -> Message:
    """Return the request for a batch."""
    tensors: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for array, spec in zip(arrays, inputs, strict=True):
        tensor: dict[str, Any] = {"name": spec.name, "shape": list(array.shape), "datatype": NAMES[array.dtype.name]}
        if binary:
            parts.append(np.ascontiguousarray(array).tobytes())
            tensor["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            tensor["data"] = array.ravel().tolist()
        tensors.append(tensor)
    wanted = [{"name": spec.name, "parameters": {"binary_data": binary}} for spec in outputs]
    document = json.dumps({"inputs": tensors, "outputs": wanted}).encode()
    if not binary:
        return Message(document, {"Content-Type": "application/json"})
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(document))}
    return Message(b"".join((document, *parts)), headers)


def read(answer: Answer, outputs: Sequence[TensorSpec]) -> list[Array]:
    """Return the arrays of an answer, in the order of the model's outputs.

    Raises:
        ValueError: an output is missing, or has another number of bytes than its shape says.
    """
    length = len(answer.body) if answer.header is None else int(answer.header)
    document, place = json.loads(answer.body[:length]), length
    arrays: dict[str, Array] = {}
    for tensor in document["outputs"]:
        name, dtype, shape = str(tensor["name"]), np.dtype(DTYPES[tensor["datatype"]]), tuple(tensor["shape"])
        size = tensor.get("parameters", {}).get("binary_data_size")
        if size is None:
            arrays[name] = np.array(tensor["data"], dtype).reshape(shape)
            continue
        raw, place = answer.body[place : place + size], place + size
        arrays[name] = np.frombuffer(raw, dtype).reshape(shape).copy()
    missing = [spec.name for spec in outputs if spec.name not in arrays]
    if missing:
        raise ValueError(f"the server's answer lacks the outputs {', '.join(missing)}")
    return [arrays[spec.name] for spec in outputs]
