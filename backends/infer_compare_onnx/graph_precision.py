"""Reads the precision in which the graph of an ONNX file computes, without loading the file.

Every worker does this while its memory is measured, so only the names of operators and the types of tensors are read from the
mapped file, and weights are skipped. https://protobuf.dev/programming-guides/encoding describes the encoding; the field
numbers are those of `onnx.proto`.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Data = memoryview

NUMBER, LONG, BYTES, SHORT = 0, 1, 2, 5
"""Wire types of protobuf fields."""

INTEGER_OPS = frozenset(
    {
        "QuantizeLinear",
        "DynamicQuantizeLinear",
        "MatMulInteger",
        "ConvInteger",
        "MatMulIntegerToFloat",
        "DynamicQuantizeMatMul",
        "DynamicQuantizeLSTM",
        "MatMulNBits",
        "QAttention",
        "QGemm",
    }
)
"""Operators that round to 8 bits or fewer, besides those whose names begin with `QLinear`."""
INTEGER_TYPES = frozenset({"int8", "uint8", "int4", "uint4"})
ELEMENT_TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    10: "float16",
    11: "float64",
    16: "bfloat16",
    21: "uint4",
    22: "int4",
}
"""ONNX's element types that indicate a precision, by number."""


@dataclass(slots=True)
class _Seen:
    """The precision-related content of a graph."""

    operators: set[str] = field(default_factory=set)
    weights: dict[str, str] = field(default_factory=dict)
    """The types of initializers, by name."""
    dequantized: set[str] = field(default_factory=set)
    """Names of values that are read as 8-bit numbers."""
    casts: set[str] = field(default_factory=set)
    """Types to which tensors are cast."""


def precision_of_graph(path: Path) -> str | None:
    """Return the lowest precision in which an operator of the file's graph computes: `int8`, `bfloat16`, `float16`, `float32`
    or `float64`; None if it is unknown, or the file cannot be read.
    """
    seen = _Seen()
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            view = memoryview(data)
            try:
                _model(view, seen)
            finally:
                view.release()
    except (OSError, ValueError, IndexError, UnicodeDecodeError, BufferError):
        return None
    if any(name in INTEGER_OPS or name.startswith("QLinear") for name in seen.operators):
        return "int8"
    if any(seen.weights.get(name) in INTEGER_TYPES for name in seen.dequantized):
        return "int8"
    types = {*seen.weights.values(), *seen.casts}
    return next((known for known in ("bfloat16", "float16", "float32", "float64") if known in types), None)


def _model(data: Data, seen: _Seen) -> None:
    for number, value in _fields(data):
        if number == 7 and isinstance(value, memoryview):  # graph
            _graph(value, seen)
        elif number == 25 and isinstance(value, memoryview):  # functions
            for inner, node in _fields(value):
                if inner == 7 and isinstance(node, memoryview):
                    _node(node, seen)


def _graph(data: Data, seen: _Seen) -> None:
    for number, value in _fields(data):
        if not isinstance(value, memoryview):
            continue
        if number == 1:  # node
            _node(value, seen)
        elif number == 5:  # initializer
            name, kind = _tensor(value)
            seen.weights[name] = kind


def _node(data: Data, seen: _Seen) -> None:
    name, inputs, attributes = "", [], []
    for number, value in _fields(data):
        if not isinstance(value, memoryview):
            continue
        if number == 1:
            inputs.append(_text(value))
        elif number == 4:
            name = _text(value)
        elif number == 5:
            attributes.append(value)
    seen.operators.add(name)
    if name == "DequantizeLinear" and inputs:
        seen.dequantized.add(inputs[0])
    for attribute in attributes:
        _attribute(attribute, name, seen)


def _attribute(data: Data, operator: str, seen: _Seen) -> None:
    for number, value in _fields(data):
        if number == 3 and operator == "Cast" and isinstance(value, int):  # an integer: the type to cast to
            seen.casts.add(ELEMENT_TYPES.get(value, ""))
        elif number == 5 and operator == "Constant" and isinstance(value, memoryview):  # a tensor
            name, kind = _tensor(value)
            seen.weights[f"constant {len(seen.weights)} {name}"] = kind
        elif number in {6, 11} and isinstance(value, memoryview):  # a graph, graphs
            _graph(value, seen)


def _tensor(data: Data) -> tuple[str, str]:
    """Return name and type of a tensor."""
    name, kind = "", ""
    for number, value in _fields(data):
        if number == 2 and isinstance(value, int):
            kind = ELEMENT_TYPES.get(value, "")
        elif number == 8 and isinstance(value, memoryview):
            name = _text(value)
    return name, kind


def _text(data: Data) -> str:
    return bytes(data).decode()


def _fields(data: Data) -> Iterator[tuple[int, int | Data]]:
    """Yield the fields of a message, with their numbers; `ValueError` where the bytes are no message."""
    place, end = 0, len(data)
    while place < end:
        tag, place = _varint(data, place)
        kind = tag & 7
        if kind == NUMBER:
            value, place = _varint(data, place)
            yield tag >> 3, value
            continue
        if kind == BYTES:
            size, place = _varint(data, place)
        elif kind in {LONG, SHORT}:
            size = 8 if kind == LONG else 4
        else:
            raise ValueError("no protobuf message")
        if place + size > end:
            raise ValueError("a field is cut short")
        if kind == BYTES:
            yield tag >> 3, data[place : place + size]
        place += size


def _varint(data: Data, place: int) -> tuple[int, int]:
    """A number of variable length at a place, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
