"""Modules and exported programs as ONNX files, by torch's own exporter."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from typing import TYPE_CHECKING

import torch
from torch.fx.experimental.symbolic_shapes import is_concrete_int

from infer_compare.backends import BATCH, ModelError, UnsupportedModel, described
from infer_compare_torch import ONNX_OPSET, loading
from infer_compare_torch.culprit import SHAPES, Culprit, untraceable
from infer_compare_torch.flat import Flat
from infer_compare_torch.probing import examples
from infer_compare_torch.programs import is_bounded, without_log
from infer_compare_torch.runtime import evaluating

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import nn

    from infer_compare.backends import ModelSource, TensorSpec

EXAMPLE = 2
"""The batch size of the trace; torch would take 1 for a fixed size."""
OTHER_SIZES = (16, 64, 224)
"""Sizes of the other free axes in the trace, until one runs."""
LARGEST_BYTES = 1_900_000_000
"""Weights up to here go into the file itself, which protobuf limits to 2 GiB."""


def to_onnx(model: ModelSource, target: Path) -> None:
    """Write a model as an ONNX file whose batch axes are called `batch`, and whose other free axes have the names of the specs.

    Inputs bear the names of the specs; outputs those of the source. Weights above 1.9 GB go into a file of their
    own beside it, `TARGET.data`.

    Args:
        model: of the format `nn.Module` or `pt2`, with its inputs; axes with names stay free.
        target: of the file.

    Raises:
        UnsupportedModel: torch cannot trace the model, or has no ONNX for one of its operators.
        ModelError: an operator fixes the batch size, or another free axis.
    """
    loaded = loading.load(model, seed=0)
    inputs = model.inputs or loaded.inputs
    module = evaluating(loaded.module).requires_grad_(False)
    outputs = _unique([spec.name for spec in loaded.outputs], {spec.name for spec in inputs})
    size = sum(tensor.numel() * tensor.element_size() for tensor in (*module.parameters(), *module.buffers()))
    with _silence():
        program = _traced(Flat(module, loaded.binding), inputs)
        try:
            with without_log():
                exported = torch.onnx.export(
                    program,
                    (),
                    dynamo=True,
                    verbose=False,
                    input_names=[spec.name for spec in inputs],
                    output_names=outputs,
                    opset_version=ONNX_OPSET,
                )
            assert exported is not None
            exported.save(target, external_data=size > LARGEST_BYTES)
        except Exception as error:
            raise UnsupportedModel(
                f"torch.onnx.export cannot write the model as ONNX ({described(error, 400)})."
            ) from error
    _name_axes(target, inputs, [batch_axis(spec) for spec in loaded.outputs])


def _traced(module: nn.Module, inputs: Sequence[TensorSpec]) -> torch.export.ExportedProgram:
    """Return the program of a module, whose inputs have a free batch axis, and others that are free.

    Those are tried at several sizes: a model of images may not run on small ones.
    """
    others = dict.fromkeys(size for spec in inputs for size in spec.shape if isinstance(size, str) and size != BATCH)
    refused: UnsupportedModel | None = None
    for size in OTHER_SIZES if others else OTHER_SIZES[:1]:
        # Different sizes for different axes: torch may take axes of equal sizes for one.
        sizes = {name: size + place for place, name in enumerate(others)}
        try:
            return _traced_at(module, inputs, sizes | {BATCH: EXAMPLE})
        except UnsupportedModel as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _traced_at(
    module: nn.Module, inputs: Sequence[TensorSpec], sizes: Mapping[str, int]
) -> torch.export.ExportedProgram:
    batch = examples(inputs, {}, sizes)
    axes = tuple(
        {place: torch.export.Dim.AUTO for place, size in enumerate(spec.shape) if isinstance(size, str)}
        for spec in inputs
    )
    culprit = Culprit()
    logger = logging.getLogger(SHAPES)
    kept, level, on = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [culprit], False
    logger.setLevel(logging.INFO)
    try:
        program = torch.export.export(module, batch, dynamic_shapes=(axes,), strict=False)
    except Exception as error:
        raise untraceable(error) from error
    finally:
        logger.handlers, logger.propagate = kept, on
        logger.setLevel(level)
    _check_free(program, inputs, f" by {culprit.line}" if culprit.line else "")
    return program


def _check_free(program: torch.export.ExportedProgram, inputs: Sequence[TensorSpec], where: str) -> None:
    """Refuse a program in which an axis that is to be free is not.

    Raises:
        ModelError: naming the input and the axis.
    """
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
    batches: set[object] = set()
    for spec, name in zip(inputs, program.graph_signature.user_inputs, strict=True):
        shape = values[name].shape
        for axis, size in enumerate(spec.shape):
            if not isinstance(size, str):
                continue
            if not is_concrete_int(shape[axis]):
                batches |= shape[axis].node.expr.free_symbols if size == BATCH else set()
                continue
            if size != BATCH:
                raise ModelError(
                    f"The export to ONNX would fix the axis {size!r} of the input {spec.name!r} at {shape[axis]}{where}; write its size "
                    "as x.shape[i] or -1, and do not compare it."
                )
            which = "the first axis" if axis == 0 else f"axis {axis}"
            raise ModelError(
                f"The export to ONNX would fix the batch size: {which} of the input {spec.name!r} is fixed{where}; "
                "write sizes of the batch as x.shape[0] or -1, and do not compare them."
            )
    for symbol, size in program.range_constraints.items():
        # Other axes may have bounds, such as the number of positions; points beyond them fail by themselves.
        if symbol in batches and (
            is_bounded(size.upper) or not (is_bounded(size.lower) and int(str(size.lower)) <= EXAMPLE)
        ):
            raise ModelError(
                f"The export to ONNX would hold for batch sizes from {size.lower} to {size.upper} only{where}; the model "
                "must do the same whatever the size of the batch."
            )


def batch_axis(spec: TensorSpec) -> int | None:
    """Return the place of the batch axis, or None."""
    return spec.shape.index(BATCH) if BATCH in spec.shape else None


def _name_axes(target: Path, inputs: Sequence[TensorSpec], outputs: Sequence[int | None]) -> None:
    """Give free axes the names that the inputs have for them; the exporter names each differently for each input.

    Args:
        target: the file.
        inputs: what the model takes.
        outputs: the batch axis of each output.

    Raises:
        ModelError: an output's batch axis became a fixed size.
    """
    import onnx

    model = onnx.load(target, load_external_data=False)
    graph = model.graph
    names = {
        axis.dim_param: size
        for value, spec in zip(graph.input, inputs, strict=False)
        for axis, size in zip(value.type.tensor_type.shape.dim, spec.shape, strict=False)
        if isinstance(size, str) and axis.dim_param
    }
    for value in (*graph.input, *graph.output, *graph.value_info):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param in names:
                axis.dim_param = names[axis.dim_param]
    for value, batch in zip(graph.output, outputs, strict=True):
        if batch is not None and value.type.tensor_type.shape.dim[batch].HasField("dim_value"):
            target.unlink()
            raise ModelError(
                f"The export to ONNX fixes the batch size of the output {value.name!r}; write sizes of the batch as "
                "x.shape[0] or -1."
            )
    target.write_bytes(model.SerializeToString())


def _unique(names: Sequence[str], taken: set[str]) -> list[str]:
    """Return names for the outputs, none of them twice or that of an input, which a graph does not allow."""
    unique: list[str] = []
    for name in names:
        candidate, count = name, 1
        while candidate in taken or candidate in unique:
            candidate, count = f"{name}_{count}", count + 1
        unique.append(candidate)
    return unique


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the exporter's warnings and progress to itself, and its fused attention out of the trace."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
