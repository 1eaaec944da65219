"""Live modules as `.pt2` files, exported in the process that holds them."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.fx.experimental.symbolic_shapes import is_concrete_int

from infer_compare.backends import BATCH, ModelError, ModelSource, TensorSpec, UnsupportedModel, described
from infer_compare_torch.flat import named
from infer_compare_torch.probing import OTHER, examples
from infer_compare_torch.programs import is_bounded, without_log
from infer_compare_torch.runtime import evaluating
from infer_compare_torch.signature import binding_of, example_inputs
from infer_compare_torch.structures import is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FORMAT = "pt2"
EXAMPLE = 2
"""The batch size of the trace; torch would take 1 for a fixed size."""


def save(model: object, inputs: Sequence[TensorSpec], folder: Path) -> ModelSource | None:
    """Return the file of a module or of an exported program; the module itself stays as it is.

    Raises:
        UnsupportedModel: torch cannot export the module.
        ModelError: its inputs were not said, or do not fit; or its batch size cannot be free.
        InputError: an input has the name of no parameter of the module's `forward`.
    """
    if isinstance(model, torch.export.ExportedProgram):
        return _written(model, "program", (), folder)
    if not isinstance(model, nn.Module):
        return None
    # What torch.compile returns is exported as what it was made of.
    inner = getattr(model, "_orig_mod", model) if type(model).__name__ == "OptimizedModule" else model
    assert isinstance(inner, nn.Module)
    name = type(inner).__name__
    if not inputs:
        raise ModelError(
            f"A {name} does not state its inputs; pass inputs=['{example_inputs(inner)}'], one text for "
            "each tensor that it takes."
        )
    program = _exported(_copied(inner, name), name, inputs)
    names = program.graph_signature.user_inputs
    own = tuple(TensorSpec(str(key), spec.dtype, spec.shape) for key, spec in zip(names, inputs, strict=True))
    return _written(program, name, own, folder)


def _copied(module: nn.Module, name: str) -> nn.Module:
    """Return the module on the processor and in the mode for inference, while the user's stays where it is."""
    try:
        return evaluating(copy.deepcopy(module)).to("cpu").requires_grad_(False)
    except Exception as error:
        raise UnsupportedModel(
            f"The {name} cannot be copied ({described(error, 400)}); save it with torch.export.save and name the file."
        ) from error


def _exported(module: nn.Module, name: str, inputs: Sequence[TensorSpec]) -> torch.export.ExportedProgram:
    free = {size: OTHER for spec in inputs for size in spec.shape if isinstance(size, str)} | {BATCH: EXAMPLE}
    batch = examples(inputs, {}, free)
    axes = tuple(
        {place: torch.export.Dim.AUTO for place, size in enumerate(spec.shape) if isinstance(size, str)}
        for spec in inputs
    )
    binding = binding_of(module, [spec.name for spec in inputs])
    try:
        with torch.inference_mode():
            outputs = binding.bound(module)(*batch)
    except Exception as error:
        shapes = ", ".join(f"{spec.name}{list(array.shape)}" for spec, array in zip(inputs, batch, strict=True))
        raise ModelError(
            f"The {name} does not run on inputs of {shapes} ({described(error, 400)}); describe the inputs with inputs=[...]."
        ) from error
    if not (binding.in_order and is_plain(outputs)):
        # A program with a class of a library's in it is read only where that library was imported.
        module = named(module, binding, [spec.name for spec in inputs])
    try:
        with warnings.catch_warnings(), without_log():
            warnings.simplefilter("ignore")
            program = torch.export.export(module, batch, dynamic_shapes=axes, strict=False)
    except Exception as error:
        raise UnsupportedModel(
            f"torch.export cannot trace the {name} ({described(error, 400)}); a function that returns it, named as "
            "file.py:function, is measured without an export."
        ) from error
    _check_free(program, name)
    return program


def _check_free(program: torch.export.ExportedProgram, name: str) -> None:
    """Refuse a program that holds for one batch size, or for some.

    Raises:
        ModelError: naming the input, or the sizes.
    """
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
    for user_input in program.graph_signature.user_inputs:
        if is_concrete_int(values[str(user_input)].shape[0]):
            raise ModelError(
                f"The {name} fixes the batch size: the first axis of its input {user_input!r} cannot be free; write sizes of the "
                "batch as x.shape[0] or -1, and do not compare them."
            )
    for size in program.range_constraints.values():
        if is_bounded(size.upper) or not (is_bounded(size.lower) and int(str(size.lower)) <= EXAMPLE):
            raise ModelError(
                f"The {name} runs with sizes from {size.lower} to {size.upper} only; it must do the same whatever the "
                "size of the batch."
            )


def _written(
    program: torch.export.ExportedProgram, name: str, inputs: tuple[TensorSpec, ...], folder: Path
) -> ModelSource:
    path = folder / f"{name}.pt2"
    with warnings.catch_warnings(), without_log():
        warnings.simplefilter("ignore")
        torch.export.save(program, path)
    return ModelSource(format=FORMAT, location=str(path), name=name, inputs=inputs)
