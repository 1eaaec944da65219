"""Modules and exported programs as ONNX files, by torch's own exporter."""

from __future__ import annotations

import contextlib
import io
import logging
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.fx.experimental.symbolic_shapes import is_concrete_int

from infer_compare.backends import BATCH, ModelError, UnsupportedModel, described
from infer_compare_torch import ONNX_OPSET, loading
from infer_compare_torch.flat import Flat
from infer_compare_torch.probing import examples
from infer_compare_torch.programs import is_bounded, without_log
from infer_compare_torch.runtime import evaluating

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from infer_compare.backends import ModelSource, TensorSpec

EXAMPLE = 2
"""The batch size of the trace; torch would take 1 for a fixed size."""
LARGEST_BYTES = 1_900_000_000
"""Weights up to here go into the file itself, which protobuf limits to 2 GiB."""
SHAPES = "torch.fx.experimental.symbolic_shapes"
"""The logger that tells when a free size becomes a fixed one."""


class Culprit(logging.Handler):
    """Hears when a free size becomes fixed or bounded, and keeps the line of the model that was being traced."""

    def __init__(self) -> None:
        """Has heard nothing yet."""
        super().__init__(logging.INFO)
        self.line = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take the innermost line outside of torch that led to the first such message."""
        if self.line or "[guard added]" not in record.getMessage():
            return
        self.line = _model_line(traceback.extract_stack())


def _model_line(stack: Sequence[traceback.FrameSummary]) -> str:
    """Return the innermost line of a stack that is neither torch's, nor Python's, nor of this module; empty without one."""
    torch_folder, here = str(Path(torch.__file__).parent), str(Path(__file__).parent)
    library = str(Path(logging.__file__).parent)
    lines = (one for one in reversed(stack) if not one.filename.startswith((torch_folder, here, library)) and one.line)
    return next((f"{one.line} ({Path(one.filename).name}:{one.lineno})" for one in lines), "")


def _untraceable(error: Exception) -> UnsupportedModel:
    """Return why torch could not trace a model, without the advice to torch's own developers that it ends with."""
    line = _model_line(traceback.extract_tb(error.__traceback__))
    where = f", at {line}" if line else ""
    if "DataDependent" in type(error).__name__:
        told = f"{type(error).__name__}: its control flow or its shapes depend on values that it computes"
    else:
        told = described(error, 400)
        for advice in ("The following call raised", "For more information", "To fix the error", "Set TORCH"):
            told = told.partition(advice)[0].strip(" .") or told
    return UnsupportedModel(f"torch.export cannot trace the model ({told}{where}).")


def to_onnx(model: ModelSource, target: Path) -> None:
    """Write a model as an ONNX file whose first axes are called `batch`.

    Inputs bear the names of the specs; outputs those that the source tells. Weights above 1.9 GB go into a file of their
    own beside it, `TARGET.data`.

    Args:
        model: of the format `nn.Module` or `pt2`, with its inputs, in which free axes other than the batch have sizes.
        target: of the file.

    Raises:
        UnsupportedModel: torch cannot trace the model, or has no ONNX for one of its operators.
        ModelError: an operator fixes the batch size; or a free axis has no size.
    """
    loaded = loading.load(model, seed=0)
    inputs = model.inputs or loaded.inputs
    for spec in inputs:
        if other := next((size for size in spec.shape if isinstance(size, str) and size != BATCH), None):
            raise ModelError(
                f"The axis {other!r} of the input {spec.name!r} needs a fixed size for the export; give one with --input."
            )
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
    _name_batch(target, [batch_axis(spec) for spec in inputs], [batch_axis(spec) for spec in loaded.outputs])


def _traced(module: nn.Module, inputs: Sequence[TensorSpec]) -> torch.export.ExportedProgram:
    """The program of a module, whose inputs have a free batch axis."""
    batch = examples(inputs, {}, {BATCH: EXAMPLE})
    free = [batch_axis(spec) for spec in inputs]
    axes = tuple({} if axis is None else {axis: torch.export.Dim.AUTO} for axis in free)
    culprit = Culprit()
    logger = logging.getLogger(SHAPES)
    kept, level, on = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [culprit], False
    logger.setLevel(logging.INFO)
    try:
        program = torch.export.export(module, batch, dynamic_shapes=(axes,), strict=False)
    except Exception as error:
        raise _untraceable(error) from error
    finally:
        logger.handlers, logger.propagate = kept, on
        logger.setLevel(level)
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
    where = f" by {culprit.line}" if culprit.line else ""
    for spec, axis, name in zip(inputs, free, program.graph_signature.user_inputs, strict=True):
        if axis is not None and is_concrete_int(values[name].shape[axis]):
            which = "the first axis" if axis == 0 else f"axis {axis}"
            raise ModelError(
                f"The export to ONNX would fix the batch size: {which} of the input {spec.name!r} is fixed{where}; "
                "write sizes of the batch as x.shape[0] or -1, and do not compare them."
            )
    for size in program.range_constraints.values():
        if is_bounded(size.upper) or not (is_bounded(size.lower) and int(str(size.lower)) <= EXAMPLE):
            raise ModelError(
                f"The export to ONNX would hold for batch sizes from {size.lower} to {size.upper} only{where}; the model "
                "must do the same whatever the size of the batch."
            )
    return program


def batch_axis(spec: TensorSpec) -> int | None:
    """Return the place of the batch axis, or None."""
    return spec.shape.index(BATCH) if BATCH in spec.shape else None


def _name_batch(target: Path, inputs: Sequence[int | None], outputs: Sequence[int | None]) -> None:
    """Renames the batch axis of every input to `batch`; the exporter names it differently for each input.

    Args:
        target: the file.
        inputs: the batch axis of each input.
        outputs: the batch axis of each output.

    Raises:
        ModelError: an output's batch axis became a fixed size.
    """
    import onnx

    model = onnx.load(target, load_external_data=False)
    graph = model.graph
    names = {
        value.type.tensor_type.shape.dim[axis].dim_param
        for value, axis in zip(graph.input, inputs, strict=False)
        if axis is not None
    }
    names.discard("")
    for value in (*graph.input, *graph.output, *graph.value_info):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param in names:
                axis.dim_param = BATCH
    for value, batch in zip(graph.output, outputs, strict=True):
        if batch is not None and value.type.tensor_type.shape.dim[batch].HasField("dim_value"):
            target.unlink()
            raise ModelError(
                f"The export to ONNX fixes the batch size of the output {value.name!r}; write sizes of the batch as "
                "x.shape[0] or -1."
            )
    target.write_bytes(model.SerializeToString())


def _unique(names: Sequence[str], taken: set[str]) -> list[str]:
    """Names for the outputs, none of them twice or that of an input, which a graph does not allow."""
    unique: list[str] = []
    for name in names:
        candidate, count = name, 1
        while candidate in taken or candidate in unique:
            candidate, count = f"{name}_{count}", count + 1
        unique.append(candidate)
    return unique


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keeps the exporter's warnings and progress to itself, and its fused attention out of the trace."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
