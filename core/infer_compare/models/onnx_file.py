"""Reads ONNX files and their external data.

`onnx` is imported inside the functions to keep the command line fast.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infer_compare.errors import ModelError
from infer_compare.models.onnx_calls import check_calls
from infer_compare.models.onnx_header import check_header
from infer_compare.models.onnx_order import sort_nodes
from infer_compare.models.tensors import LARGEST_DENSE, PACKED, dense_bytes, dense_tensor, is_external
from infer_compare.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import onnx

    from infer_compare.interfaces import TensorSpec

SMALL_ELEMENTS = 256
"""Constants of up to this many elements may be shapes or axes, which shape inference needs; larger ones are weights."""


def load_onnx(path: Path) -> onnx.ModelProto:
    """Return the model in a file, including its external data.

    Raises:
        ModelError: the file is missing, empty, not ONNX, or its external data is missing or outside its folder.
    """
    model = parse_onnx(path)
    load_external_data(model, path)
    return model


def open_onnx(path: Path, known: Sequence[TensorSpec] = ()) -> onnx.ModelProto:
    """Return the model in a file, without loading large external data.

    External tensors keep the absolute path of their file, from which `array_of` maps them: a model of more than 2 GB cannot
    be one protobuf message, and would be in memory twice.

    Args:
        path: the file.
        known: the known specs of the model's inputs, in order; free axes take the sizes in them.

    Raises:
        ModelError: as `load_onnx`.
    """
    model = parse_onnx(path)
    check_external_data(model, path)
    _pin(model, known)
    for tensor in _tensors(model):
        if is_external(tensor):
            for entry in tensor.external_data:
                if entry.key == "location":
                    entry.value = str((path.parent / entry.value).absolute())
    return model


def _pin(model: onnx.ModelProto, known: Sequence[TensorSpec]) -> None:
    """Set the sizes of free axes of the inputs; specs that do not match the model's inputs are ignored."""
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    if len(inputs) != len(known):
        return
    for value, spec in zip(inputs, known, strict=True):
        axes = value.type.tensor_type.shape.dim
        if len(axes) == len(spec.shape):
            for axis, size in zip(axes, spec.shape, strict=True):
                if isinstance(size, int) and axis.dim_value <= 0:
                    axis.dim_value = size


def parse_onnx(path: Path) -> onnx.ModelProto:
    """Return the model in a file, without its external data, and with sparse initializers made dense.

    Raises:
        ModelError: the file is missing, empty or not ONNX, or a node does not fit its operator.
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
    _fill_up(model, path)
    check_header(model, path)
    check_calls(model, path)
    sort_nodes(model, path)
    return model


def _fill_up(model: onnx.ModelProto, path: Path) -> None:
    """Make sparse initializers dense.

    Raises:
        ModelError: a sparse initializer has its data in another file, is too large, or contradicts itself.
    """
    room = LARGEST_DENSE
    for graph in graphs_of(model):
        for sparse in graph.sparse_initializer:
            try:
                graph.initializer.append(dense_tensor(sparse, room))
                room -= dense_bytes(sparse)
            except (ValueError, KeyError, TypeError) as error:
                raise ModelError(
                    f"The sparse initializer {sparse.values.name!r} of {path} cannot be read ({error}); "
                    "export the model with dense weights."
                ) from error
        del graph.sparse_initializer[:]


def external_files(model: onnx.ModelProto) -> tuple[str, ...]:
    """Return the external data files of a parsed model, relative to its folder, sorted by name."""
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
    """Read the external data of the model parsed from `path`.

    Raises:
        ModelError: the data is missing, too short, or outside the model's folder.
    """
    import onnx

    with _naming(path):
        onnx.load_external_data_for_model(model, str(path.parent))


def check_external_data(model: onnx.ModelProto, path: Path) -> None:
    """Check that the external data of the model parsed from `path` exists, without reading weights.

    Small tensors are loaded, since they may be shapes, and so are tensors of packed elements smaller than a byte.

    Raises:
        ModelError: the data is missing, too short, or outside the model's folder.
    """
    from onnx import TensorProto, external_data_helper, helper

    with _naming(path):
        for tensor in _tensors(model):
            if tensor.data_location != TensorProto.EXTERNAL:
                continue
            if math.prod(tensor.dims) <= SMALL_ELEMENTS or tensor.data_type in PACKED:
                external_data_helper.load_external_data_for_tensor(tensor, str(path.parent))
                continue
            entries = {entry.key: entry.value for entry in tensor.external_data}
            # Read one byte, which runs all checks of the file's location.
            probe = TensorProto(name=tensor.name, data_location=TensorProto.EXTERNAL)
            for key, value in {**entries, "length": "1"}.items():
                probe.external_data.add(key=key, value=value)
            external_data_helper.load_external_data_for_tensor(probe, str(path.parent))
            size = (path.parent / entries["location"]).stat().st_size
            needs = math.prod(tensor.dims) * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
            length = int(entries.get("length") or 0)
            if length and length < needs:
                raise ValueError(f"{entries['location']} has {length} bytes for {tensor.name!r}, which takes {needs}")
            if int(entries.get("offset") or 0) + needs > size:
                raise ValueError(f"{entries['location']} is too short for the data of {tensor.name!r}")


def external_bytes(model: onnx.ModelProto, path: Path) -> int:
    """Return the total size in bytes of the external data files of the model parsed from `path`."""
    return sum((path.parent / name).stat().st_size for name in external_files(model))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn errors about external data into a `ModelError` of one sentence."""
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
            f"The external data of {path} cannot be read ({reason}); it must lie whole in the model's own folder."
        ) from error


def graphs_of(part: onnx.ModelProto | onnx.GraphProto | onnx.FunctionProto) -> Iterator[onnx.GraphProto]:
    """Yield every graph in a model, including those of nodes and functions."""
    import onnx

    if isinstance(part, onnx.ModelProto):
        for inner in (part.graph, *part.functions):
            yield from graphs_of(inner)
        return
    if isinstance(part, onnx.GraphProto):
        yield part
    for attribute in (attribute for node in part.node for attribute in node.attribute):
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            yield from graphs_of(graph)


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Yield every tensor in a model, including those of subgraphs and functions."""
    for graph in graphs_of(model):
        yield from graph.initializer
    for part in (*graphs_of(model), *model.functions):
        for attribute in (attribute for node in part.node for attribute in node.attribute):
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
