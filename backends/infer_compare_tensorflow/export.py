"""Keras models and SavedModels written as ONNX, by tf2onnx."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import tensorflow as tf

from infer_compare.backends import BATCH, UnsupportedModel
from infer_compare_tensorflow.describe import read
from infer_compare_tensorflow.importer import Target
from infer_compare_tensorflow.native import HOST, quiet, sentence, signature_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from infer_compare.backends import ModelSource, TensorSpec
    from infer_compare_tensorflow.native import NativeProgram

LARGE = 2**31 - 2**24
"""Bytes of parameters from which they go into a separate file: a protobuf message is limited to 2 GiB."""


def to_onnx(model: ModelSource, target: Path, opset: int) -> None:
    """Write a model as ONNX, with a free batch axis called `batch` and the names and order of its description.

    Args:
        model: of the format `keras` or `savedmodel`.
        target: the file to write; weights above 2 GB lie beside it, in `NAME.data`.
        opset: of ONNX.

    Raises:
        UnsupportedModel: tf2onnx cannot convert an operator, which is named.
        ModelError: the model cannot be read.
    """
    # Exporting needs no accelerator, and TensorFlow would reserve all memory of one that it sees.
    with contextlib.suppress(RuntimeError):
        tf.config.set_visible_devices([], "GPU")
    program = read(model)
    large = program.parameters * (8 if program.precision == "float64" else 4) >= LARGE
    proto, outside = _converted(program, model.location, opset, large=large)
    _check(proto, model.location)
    _rename(proto.graph, _names(proto, program))
    _describe(proto.graph.input, proto.graph.output, program)
    _write(proto, outside, target)


def erfc(context: Any, node: Any, name: str, _arguments: object) -> None:  # noqa: ANN401 - tf2onnx is untyped
    """Convert `Erfc`, which Keras's GELU uses and tf2onnx lacks, to 1 - `Erf`."""
    outputs = list(node.output)
    shapes = [context.get_shape(output) for output in outputs]
    dtypes = [context.get_dtype(output) for output in outputs]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(dtypes[0])
    one = context.make_const(f"{name}_one", np.array(1, dtype))
    erf = context.make_node("Erf", [node.input[0]], shapes=shapes, dtypes=dtypes)
    context.remove_node(node.name)
    context.make_node("Sub", [one.output[0], erf.output[0]], outputs=outputs, name=name, shapes=shapes, dtypes=dtypes)


def _converted(program: NativeProgram, location: str, opset: int, *, large: bool) -> tuple[onnx.ModelProto, Any]:
    from tf2onnx import convert

    render = program.tracer(Target())
    inputs, outputs = _places("input", program.inputs), _places("output", program.outputs)

    def serve(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(zip(outputs, render(*tensors), strict=True))

    signature = signature_of(program.inputs, inputs)
    with tf.device(HOST), quiet(), _silent_converter(), _older_numpy():
        function = tf.function(serve, input_signature=signature, autograph=False)
        try:
            return convert.from_function(  # type: ignore[no-any-return]
                function,
                input_signature=signature,
                opset=opset,
                custom_op_handlers={"Erfc": (erfc, [])},
                large_model=large,
            )
        except (MemoryError, tf.errors.ResourceExhaustedError):
            raise
        except Exception as error:
            # tf2onnx has no exception classes: it asserts, and its handlers raise errors of all kinds.
            raise UnsupportedModel(
                f"tf2onnx cannot convert {location}: {sentence(error)}.{_remedy(program)}"
            ) from error


def _remedy(program: NativeProgram) -> str:
    """Return what to try where axes are free that a layer may have to know."""
    free = {size for spec in program.inputs for size in spec.shape if isinstance(size, str)} - {BATCH}
    if not free:
        return ""
    sizes = [
        f"{spec.name}:{spec.dtype}[{','.join('64' if size in free else str(size) for size in spec.shape)}]"
        for spec in program.inputs
    ]
    return f" A layer may need sizes that are free here ({', '.join(sorted(free))}); try one size, as in --input '{sizes[0]}'."


def _places(role: str, specs: Sequence[TensorSpec]) -> list[str]:
    """Return names that encode a place and that no model has; tf2onnx sorts and changes other names."""
    return [f"infer_compare_{role}_{index:04}" for index in range(len(specs))]


def _check(proto: onnx.ModelProto, location: str) -> None:
    """Refuse a graph in which operators of TensorFlow are left: tf2onnx only logs them."""
    known = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if not schema.domain}
    left = sorted({node.op_type for node in _nodes(proto.graph) if not node.domain and node.op_type not in known})
    if left:
        raise UnsupportedModel(
            f"tf2onnx cannot convert the TensorFlow operators {', '.join(left)} of {location} to ONNX."
            if len(left) > 1
            else f"tf2onnx cannot convert the TensorFlow operator {left[0]} of {location} to ONNX."
        )
    foreign = sorted({f"{node.domain}.{node.op_type}" for node in _nodes(proto.graph) if node.domain})
    if foreign:
        raise UnsupportedModel(f"tf2onnx converts {location} to operators beyond ONNX's own: {', '.join(foreign)}.")


def _names(proto: onnx.ModelProto, program: NativeProgram) -> dict[str, str]:
    """Return new names of tensors: the model's names for inputs and outputs, and other names for tensors that had these."""
    wanted = {
        **dict(zip(_places("input", program.inputs), (spec.name for spec in program.inputs), strict=True)),
        **dict(zip(_places("output", program.outputs), (spec.name for spec in program.outputs), strict=True)),
    }
    for place, name in wanted.items():
        if place.startswith("infer_compare_output") and name in {spec.name for spec in program.inputs}:
            # A tensor in ONNX has one name, which is that of the input.
            wanted[place] = f"{name}_output"
    taken = set(wanted.values())
    inside = {name for node in _nodes(proto.graph) for name in node.output} | {
        value.name for value in proto.graph.initializer
    }
    return {**{name: f"{name}__inside" for name in inside & taken}, **wanted}


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    """Rename tensors in a graph and its subgraphs."""
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _rename(inner, names)


def _describe(inputs: Any, outputs: Any, program: NativeProgram) -> None:  # noqa: ANN401 - lists of protobuf
    """Put inputs and outputs in order and name their free axes."""
    for values, specs in ((inputs, program.inputs), (outputs, program.outputs)):
        del values[:]
        values.extend(
            onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(np.dtype(spec.dtype)), list(spec.shape)
            )
            for name, spec in zip(_final(specs, program), specs, strict=True)
        )


def _final(specs: Sequence[TensorSpec], program: NativeProgram) -> list[str]:
    inputs = {spec.name for spec in program.inputs}
    return [f"{spec.name}_output" if specs is program.outputs and spec.name in inputs else spec.name for spec in specs]


def _write(proto: onnx.ModelProto, outside: Any, target: Path) -> None:  # noqa: ANN401 - tf2onnx's storage, or None
    """Write the file, and weights that lie outside of it as a second one."""
    if outside is None:
        target.write_bytes(proto.SerializeToString())
        return
    data = target.with_name(f"{target.name}.data")
    with data.open("wb") as file:
        for tensor in proto.graph.initializer:
            entries = {entry.key: entry for entry in tensor.external_data}
            if not entries:
                continue
            content = outside.name_to_tensor_data[entries["location"].value]
            file.seek(-(-file.tell() // 64) * 64)
            offset = file.tell()
            file.write(content)
            del tensor.external_data[:]
            for key, value in (("location", data.name), ("offset", str(offset)), ("length", str(len(content)))):
                tensor.external_data.add(key=key, value=value)
    target.write_bytes(proto.SerializeToString())


@contextlib.contextmanager
def _silent_converter() -> Iterator[None]:
    """Keep tf2onnx from logging; operators that it cannot convert are found in the graph."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".", 1)[0] == "tf2onnx"]
    loggers = [logging.getLogger(name) for name in ("tf2onnx", *names)]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


@contextlib.contextmanager
def _older_numpy() -> Iterator[None]:
    """Give tf2onnx a name that it uses for large models and that numpy 2 removed."""
    if hasattr(np, "product"):
        yield
        return
    np.product = np.prod  # type: ignore[attr-defined] # noqa: NPY003, NPY201
    try:
        yield
    finally:
        del np.product  # type: ignore[attr-defined] # noqa: NPY003, NPY201
