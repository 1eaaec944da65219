"""Reads ONNX files as models of a run, and makes a fixed batch axis free."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.errors import ModelError
from infer_compare.interfaces import TensorSpec
from infer_compare.models.batch_axis import assumptions
from infer_compare.models.batch_check import dropped_for_one, held_by
from infer_compare.models.figures import figures
from infer_compare.models.fills import METADATA_KEY
from infer_compare.models.index_ranges import index_ranges
from infer_compare.models.kind import kind_of
from infer_compare.models.onnx_file import (
    check_external_data,
    external_bytes,
    external_files,
    load_external_data,
    parse_onnx,
)
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.resolved_model import ResolvedModel, check_batch, fixed_batch_sentence, has_batch, sha256_of
from infer_compare.models.room import ensure_room
from infer_compare.models.specs import BATCH, name_batch
from infer_compare.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import onnx


READ_COPIES = 2
"""Memory for parsing, as a multiple of the file: it is in memory as bytes and as a message."""
PROOF_COPIES = 4
"""Memory for making a batch axis free, as a multiple of the file: both models are in memory, also in serialised form."""


def read_onnx(path: Path, name: str, source: str, folder: Path, chosen: Mapping[str, int | None]) -> ResolvedModel:
    """Return the model in an ONNX file.

    Args:
        path: the file.
        name: the name of the model in reports.
        source: the model as typed.
        folder: where to write a model whose batch axis was made free.
        chosen: the batch axes given by the user, by input.

    Raises:
        ModelError: the file cannot be read, or cannot be run at several batch sizes.
    """
    if is_file(path):
        _ensure_room(path, READ_COPIES * path.stat().st_size)
    model = parse_onnx(path)
    files = [path, *(path.parent / name for name in external_files(model))]
    check_external_data(model, path)  # which refuses files outside the model's folder
    stated, outputs = read_specs(model)
    inputs, outputs = name_batch(stated, outputs, chosen)
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name not in constants and not value.type.tensor_type.HasField("shape"):
            raise ModelError(
                f"{path} does not state the shape of its input {value.name!r}; export it again with shapes, with the first axis free."
            )
    warnings = assumptions(stated, inputs, chosen)
    fixed, held = None, ""
    if inputs and all(spec.shape[:1] == (BATCH,) for spec in inputs):
        held = held_by(model, outputs) or ""
        if held:
            inputs = _hold_batch(model)
        elif sentence := dropped_for_one(model, outputs):
            warnings = (*warnings, sentence)
    if (
        inputs
        and not any(chosen.values())
        and all(spec.shape and isinstance(spec.shape[0], int) for spec in inputs)
        and not has_batch(inputs)
    ):
        _ensure_room(path, PROOF_COPIES * (path.stat().st_size + external_bytes(model, path)))
        load_external_data(model, path)
        freed = _with_free_batch(model, path, inputs, folder)
        said = f"The file declares a free batch axis, but {held} fixes it at 1. " if held else ""
        warnings = (said + freed.sentence,)
        if freed.fixed is None:
            model, path = freed.model, freed.path
            inputs, outputs = name_batch(*read_specs(model), chosen)
        else:
            fixed = freed.fixed
            inputs = tuple(TensorSpec(spec.name, spec.dtype, (BATCH, *spec.shape[1:])) for spec in inputs)
    check_batch(path, inputs)
    size = figures(model)
    return ResolvedModel(
        path=path.absolute(),
        name=name,
        source=source,
        format="onnx",
        sha256=sha256_of(files),
        inputs=inputs,
        outputs=outputs,
        parameters=size.parameters,
        flops_per_sample=size.flops_per_sample,
        precision=size.precision,
        kind=kind_of(model),
        metadata=_ranges(model) | {entry.key: entry.value for entry in model.metadata_props},
        warnings=warnings,
        fixed_batch=fixed,
    )


def _ranges(model: onnx.ModelProto) -> dict[str, str]:
    """Return fills for inputs that index tables in the model, in the form of the model's metadata."""
    return {f"{METADATA_KEY}{name}": f"randint(0,{size})" for name, size in index_ranges(model).items()}


def _ensure_room(path: Path, need: int) -> None:
    advice = "close other programs, raise the memory limit, or use a machine with more memory"
    ensure_room(need, f"The model {path}", advice, ModelError)


def _hold_batch(model: onnx.ModelProto) -> tuple[TensorSpec, ...]:
    """Fix the first axes of a model at 1, if a node fixes the batch anyway, and return its inputs."""
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.output):
        axes = value.type.tensor_type.shape.dim
        if value.name not in constants and len(axes) and axes[0].dim_value <= 0:
            axes[0].dim_value = 1
    return read_specs(model)[0]


class _Freed(NamedTuple):
    """The result of freeing the batch axis of a model."""

    model: onnx.ModelProto
    path: Path
    sentence: str
    fixed: int | None
    """The batch size, if it could not be made free."""


def _with_free_batch(model: onnx.ModelProto, path: Path, inputs: Sequence[TensorSpec], folder: Path) -> _Freed:
    """Return the model with its fixed batch axis made free, or unchanged if that cannot be proved correct.

    Raises:
        ModelError: the batch axis cannot be made free, and the first axes of the inputs differ, so none need be the batch.
    """
    from infer_compare.models.rebatch import Unproved, note, rebatch, write_rebatched

    first = inputs[0]
    try:
        changed = rebatch(model)
        return _Freed(changed, write_rebatched(changed, folder, path.stem), note(int(first.shape[0])), None)
    except Unproved as error:
        sentence = fixed_batch_sentence(path, first, f" and could not be freed safely: {error}")
        if len({spec.shape[0] for spec in inputs}) > 1:
            raise ModelError(sentence) from error
        size = int(first.shape[0])
        return _Freed(model, path, f"It runs at batch size {size} only. {sentence}", size)
