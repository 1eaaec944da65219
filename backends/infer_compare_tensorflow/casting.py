"""A traced graph in another precision: its constants, and every operation that has a kernel for it, in that dtype.

The graph is frozen, its types are rewritten, and where an operation has to stay as it was, as batch normalisation does with
its statistics, values are cast on their way to it. The same serves Keras models, SavedModels and imported graphs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import kernels, op_def_registry
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.native import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

PRECISIONS = {"float32": tf.float32, "bfloat16": tf.bfloat16, "float16": tf.float16}
"""The values of the option `precision`."""
COARSENESS = ("bfloat16", "float16", "float32", "float64")
"""Ordered from the coarsest to the finest."""
HEAVY = ("Conv", "MatMul", "Einsum", "RNN", "LSTM", "GRU", "FusedMatMul", "Attention")
"""Parts of the names of the operations in which a model spends its time."""
QUANTIZING = ("QuantizeV2", "QuantizeAndDequantize", "FakeQuant")
"""Parts of the names of operations that round values to eight bits."""

FLOATING = {dtype.as_datatype_enum for dtype in (tf.float16, tf.bfloat16, tf.float32, tf.float64)}


def cast(concrete: Any, dtype: tf.DType, *, gpu: bool) -> Callable[..., list[tf.Tensor]]:  # noqa: ANN401 - a function
    """Return a function to be traced that computes what a concrete function does, in another dtype.

    Args:
        concrete: takes and returns tensors one after the other.
        dtype: of the floating inputs, outputs and constants.
        gpu: whether it is to run on a GPU.

    Raises:
        UnsupportedModel: the graph cannot be rewritten.
    """
    try:
        frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=True)
        outputs = [tensor.name for tensor in frozen.outputs]
        graph = _rewritten(frozen.graph.as_graph_def(), outputs, dtype, gpu=gpu)
    except Exception as error:
        raise UnsupportedModel(
            f"TensorFlow cannot compute this model in {dtype.name}: {sentence(error)}; choose another precision."
        ) from error
    inputs = [tensor.name for tensor in frozen.inputs if tensor.dtype != tf.resource]
    read = {source if ":" in source else f"{source}:0" for node in graph.node for source in node.input} | {*outputs}

    def trace(*tensors: tf.Tensor) -> list[tf.Tensor]:
        given = {name: tensor for name, tensor in zip(inputs, tensors, strict=True) if name in read}
        results = tf.graph_util.import_graph_def(graph, input_map=given, return_elements=outputs, name="")
        return [tf.cast(result, dtype) if result.dtype.is_floating else tf.identity(result) for result in results]

    return trace


def nodes_of(graph: Any) -> list[Any]:  # noqa: ANN401 - a GraphDef
    """Return the nodes of a graph and of the functions that it calls."""
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]


def seen(nodes: Iterable[Any]) -> str:
    """Return the coarsest dtype that heavy operations of a graph compute in; empty if there are none."""
    dtypes: Counter[str] = Counter()
    for node in nodes:
        if any(part in node.op for part in QUANTIZING):
            return "int8"
        enum = node.attr["T"].type if "T" in node.attr else 0
        if any(part in node.op for part in HEAVY) and enum in FLOATING:
            dtypes[tf.as_dtype(enum).name] += 1
    return next((name for name in COARSENESS if name in dtypes), "")


def _rewritten(graph: Any, outputs: Sequence[str], dtype: tf.DType, *, gpu: bool) -> Any:  # noqa: ANN401 - a GraphDef
    made = type(graph)(versions=graph.versions)
    nodes = {node.name: _cast_node(node, dtype, gpu=gpu) for node in _needed(graph, outputs)}
    produced = {name: _types(node, "output_arg") for name, node in nodes.items()}
    casts: dict[tuple[str, int], str] = {}
    for node in nodes.values():
        for place, wanted in enumerate(_types(node, "input_arg")):
            source = node.input[place]
            name, _, index = source.partition(":")
            given = produced[name][int(index or 0)]
            if given == wanted or given not in FLOATING or wanted not in FLOATING:
                continue
            key = (source, wanted)
            if key not in casts:
                casts[key] = f"{name}_{index or 0}_as_{tf.as_dtype(wanted).name}"
                between = made.node.add(name=casts[key], op="Cast", input=[source], device=node.device)
                between.attr["SrcT"].type, between.attr["DstT"].type = given, wanted
            node.input[place] = casts[key]
    # The inputs are put in place of the placeholders; XLA refuses those, even where nothing reads them.
    made.node.extend(node for node in nodes.values() if node.op != "Placeholder")
    return made


def _needed(graph: Any, outputs: Sequence[str]) -> list[Any]:  # noqa: ANN401 - a GraphDef
    """Return the nodes that the outputs are computed from, without control dependencies such as checks."""
    nodes = {node.name: node for node in graph.node}
    left, needed = [name.partition(":")[0] for name in outputs], {}
    while left:
        name = left.pop()
        if name in needed:
            continue
        node = needed[name] = nodes[name]
        data = [source for source in node.input if not source.startswith("^")]
        if data:
            # A node without data stands in the loop of the node that it waits for.
            del node.input[:]
            node.input.extend(data)
        left += [source.lstrip("^").partition(":")[0] for source in node.input]
    return list(needed.values())


def _cast_node(node: Any, dtype: tf.DType, *, gpu: bool) -> Any:  # noqa: ANN401 - a NodeDef
    """Return the node in a dtype, or as it is where TensorFlow has no kernel for it."""
    changed = type(node)()
    changed.CopyFrom(node)
    enum = dtype.as_datatype_enum
    for value in changed.attr.values():
        if value.type in FLOATING:
            value.type = enum
        for place, kind in enumerate(value.list.type):
            if kind in FLOATING:
                value.list.type[place] = enum
        if value.HasField("tensor") and value.tensor.dtype in FLOATING:
            value.tensor.CopyFrom(_cast_tensor(tf.make_ndarray(value.tensor), dtype))
    return changed if changed == node or _has_kernel(changed, gpu=gpu) else node


def _cast_tensor(array: Any, dtype: tf.DType) -> Any:  # noqa: ANN401 - an array, and a TensorProto
    """Return the numbers in a dtype; finite ones beyond its range become the largest that it has."""
    limit = float(dtype.max)
    wide = np.asarray(array, np.float64)
    limited = np.where(np.isfinite(wide), np.clip(wide, -limit, limit), wide)
    return tf.make_tensor_proto(limited.astype(dtype.as_numpy_dtype))


def _has_kernel(node: Any, *, gpu: bool) -> bool:  # noqa: ANN401 - a NodeDef
    known = [kernel for kernel in kernels.get_registered_kernels_for_op(node.op).kernel if not kernel.label]
    candidates = [kernel for kernel in known if kernel.device_type == ("GPU" if gpu else "CPU")]
    return any(
        all(
            node.attr[constraint.name].type in constraint.allowed_values.list.type
            or not node.attr[constraint.name].type
            for constraint in kernel.constraint
        )
        for kernel in candidates or known
    )


def _types(node: Any, role: str) -> list[int]:  # noqa: ANN401 - a NodeDef
    """Return the dtypes of a node's inputs or outputs."""
    types: list[int] = []
    for argument in getattr(op_def_registry.get(node.op), role):
        if argument.type_list_attr:
            types += list(node.attr[argument.type_list_attr].list.type)
            continue
        kind = node.attr[argument.type_attr].type if argument.type_attr else argument.type
        types += [kind] * (node.attr[argument.number_attr].i if argument.number_attr else 1)
    return types
