"""ONNX files and the data that lies beside them.

`onnx` is imported inside the functions, so that the command line stays quick.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infer_compare.errors import ModelError
from infer_compare.models.onnx_header import check_header
from infer_compare.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import onnx

SMALL_ELEMENTS = 256
"""Constants up to this many elements may be shapes or axes, which shape inference reads; larger ones are weights."""
PACKED = frozenset({21, 22, 23, 25, 26})
"""Types of less than a byte: UINT4, INT4, FLOAT4E2M1, UINT2, INT2."""


def load_onnx(path: Path) -> onnx.ModelProto:
    """The model in a file, its external data included.

    Raises:
        ModelError: the file is missing, empty, not ONNX, or its external data is absent or outside its folder.
    """
    model = parse_onnx(path)
    load_external_data(model, path)
    return model


def parse_onnx(path: Path) -> onnx.ModelProto:
    """The model in a file, without its external data.

    Raises:
        ModelError: the file is missing, empty or not ONNX.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if not is_file(path):
        raise ModelError(f"There is no model file {path}; name a file or one of `infer-compare models`.")
    if path.stat().st_size == 0:
        raise ModelError(f"The model file {path} is empty.")
    try:
        model = onnx.load(path, format="protobuf", load_external_data=False)
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX file, or it is cut short ({error}).") from error
    except OSError as error:
        raise ModelError(f"The model file {path} cannot be read ({error.strerror}).") from error
    if not model.HasField("graph") or not model.graph.output:
        raise ModelError(f"{path} is not an ONNX file, or it is cut short: it holds no graph with outputs.")
    if not model.opset_import:
        raise ModelError(f"{path} is not a valid ONNX file: it imports no operator set.")
    check_header(model, path)
    return model


def external_files(model: onnx.ModelProto) -> tuple[str, ...]:
    """The files that hold data of a parsed model, relative to its folder, in the order of their names."""
    from onnx import TensorProto

    return tuple(
        sorted(
            {
                entry.value
                for tensor in _tensors(model)
                if tensor.data_location == TensorProto.EXTERNAL
                for entry in tensor.external_data
                if entry.key == "location"
            }
        )
    )


def load_external_data(model: onnx.ModelProto, path: Path) -> None:
    """Reads the external data of the model that was parsed from `path`.

    Raises:
        ModelError: it is absent, too short, or outside the model's folder.
    """
    import onnx

    with _naming(path):
        onnx.load_external_data_for_model(model, str(path.parent))


def check_external_data(model: onnx.ModelProto, path: Path) -> None:
    """Makes sure that the external data of the model that was parsed from `path` is there, without reading weights.

    Small tensors are loaded, since they may be shapes.

    Raises:
        ModelError: it is absent, too short, or outside the model's folder.
    """
    from onnx import TensorProto, external_data_helper, helper

    with _naming(path):
        for tensor in _tensors(model):
            if tensor.data_location != TensorProto.EXTERNAL:
                continue
            if math.prod(tensor.dims) <= SMALL_ELEMENTS:
                external_data_helper.load_external_data_for_tensor(tensor, str(path.parent))
                continue
            entries = {entry.key: entry.value for entry in tensor.external_data}
            # One byte is read, which takes every check of where the file lies.
            probe = TensorProto(name=tensor.name, data_location=TensorProto.EXTERNAL)
            for key, value in {**entries, "length": "1"}.items():
                probe.external_data.add(key=key, value=value)
            external_data_helper.load_external_data_for_tensor(probe, str(path.parent))
            size = (path.parent / entries["location"]).stat().st_size
            needs = math.prod(tensor.dims) * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
            # Elements of less than a byte are packed.
            needs = int(entries.get("length") or 0) or (needs if tensor.data_type not in PACKED else 0)
            if int(entries.get("offset") or 0) + needs > size:
                raise ValueError(f"{entries['location']} ends before the data of {tensor.name!r} does")


def external_bytes(model: onnx.ModelProto, path: Path) -> int:
    """Return the bytes of the files that hold data of the model that was parsed from `path`."""
    return sum((path.parent / one).stat().st_size for one in external_files(model))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turns what may be wrong with external data into one sentence."""
    import onnx

    try:
        yield
    except (
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
        onnx.checker.ValidationError,
    ) as error:  # RuntimeError: of a name
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"The external data of {path} cannot be read ({reason}); it must lie in the model's own folder."
        ) from error


def _tensors(part: onnx.ModelProto | onnx.GraphProto | onnx.FunctionProto) -> Iterator[onnx.TensorProto]:
    """Every tensor in a model, those of subgraphs and functions included."""
    import onnx

    if isinstance(part, onnx.ModelProto):
        for inner in (part.graph, *part.functions):
            yield from _tensors(inner)
        return
    if isinstance(part, onnx.GraphProto):
        yield from part.initializer
    for attribute in (one for node in part.node for one in node.attribute):
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            yield from _tensors(graph)
