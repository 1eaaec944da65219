"""Programs that `torch.export.save` wrote: `.pt2` files."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import torch
from torch import nn
from torch.export.graph_signature import ConstantArgument, InputKind, OutputKind, TensorArgument
from torch.fx.experimental.symbolic_shapes import is_concrete_int
from torch.utils import _pytree as pytree

from infer_compare.backends import ModelDescription, ModelError, TensorSpec, UnsupportedModel, name_batch
from infer_compare_torch.loaded import LoadedModel
from infer_compare_torch.scan import check_bytes, only_weights, scan
from infer_compare_torch.structures import named_leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.backends import ModelSource

UNBOUNDED = 2**31
"""Upper bounds of sizes from here on come from torch, not from the author of the model."""


class Structured(nn.Module):
    """A program whose inputs are nested, or have constants among them, called with its tensors one after the other."""

    def __init__(self, program: nn.Module, structure: pytree.TreeSpec, constants: dict[int, Any]) -> None:
        """Wrap the program.

        Args:
            program: to call.
            structure: of its arguments and keyword arguments.
            constants: what it was exported with in the places that are no tensors.
        """
        super().__init__()
        self.program = program
        self.structure = structure
        self.constants = constants

    def forward(self, *tensors: torch.Tensor) -> Any:  # noqa: ANN401 - whatever the program returns
        """Return the program's outputs."""
        rest = iter(tensors)
        flat = [
            self.constants[place] if place in self.constants else next(rest)
            for place in range(len(tensors) + len(self.constants))
        ]
        arguments, keywords = pytree.tree_unflatten(flat, self.structure)
        return self.program(*arguments, **keywords)


def describe(model: ModelSource) -> ModelDescription:
    """Return what a file holds.

    Raises:
        UntrustedModel: it may execute code when loaded, and is not trusted.
        ModelError: it cannot be read.
        UnsupportedModel: it takes something other than tensors.
    """
    model = msgspec.structs.replace(model, location=str(model.path.absolute()))
    loaded = load(model)
    check_bytes(model.path)
    return ModelDescription(
        source=msgspec.structs.replace(model, inputs=loaded.inputs),
        inputs=loaded.inputs,
        outputs=loaded.outputs,
        files=(model.location,),
        parameters=sum(parameter.numel() for parameter in loaded.module.parameters()),
    )


def load(model: ModelSource) -> LoadedModel:
    """Return a file as a module whose inputs are its tensors, in order.

    Raises:
        UntrustedModel: it may execute code when loaded, and is not trusted.
        ModelError: it cannot be read.
        UnsupportedModel: it takes something other than tensors.
    """
    program = _read(model)
    inputs, constants = _inputs(program)
    return LoadedModel(_module(program, constants), *name_batch(inputs, _outputs(program)))


def _read(model: ModelSource) -> torch.export.ExportedProgram:
    # torch.export.load puts a failure into the log and raises another; this is what it calls.
    from torch.export.pt2_archive._package import load_pt2

    scan(model.path, trusted=model.trusted)
    try:
        with only_weights(trusted=model.trusted), without_log():
            programs = load_pt2(str(model.path)).exported_programs
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        hint = (
            "; its inputs or outputs have an unknown class; export a module that takes and returns "
            "tensors in tuples, lists or dictionaries"
            if "pytree" in str(error)
            else f"; save it again with torch.export.save of torch {torch.__version__}"
        )
        raise ModelError(f"{model.location} cannot be read by torch ({lines[-1][:300]}){hint}.") from error
    if "model" in programs:
        return programs["model"]
    if len(programs) != 1:
        held = f"the programs {', '.join(programs)}" if programs else "no program"
        raise ModelError(f"{model.location} holds {held}; save one with torch.export.save.")
    return next(iter(programs.values()))


def _inputs(program: torch.export.ExportedProgram) -> tuple[list[TensorSpec], dict[int, Any]]:
    """Return the tensors that a program takes; and the constants among its arguments by their places."""
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
    specs: list[TensorSpec] = []
    constants: dict[int, Any] = {}
    arguments = [spec.arg for spec in program.graph_signature.input_specs if spec.kind is InputKind.USER_INPUT]
    for place, argument in enumerate(arguments):
        if isinstance(argument, TensorArgument):
            specs.append(_spec(argument.name, values[argument.name]))
        elif isinstance(argument, ConstantArgument):
            constants[place] = argument.value
        else:
            raise UnsupportedModel(
                f"The program takes {argument.name!r}, which is not a tensor; export it with that argument fixed."
            )
    return specs, constants


def _outputs(program: torch.export.ExportedProgram) -> list[TensorSpec]:
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    kept = [
        values[spec.arg.name] if isinstance(spec.arg, TensorArgument) else None
        for spec in program.graph_signature.output_specs
        if spec.kind is OutputKind.USER_OUTPUT
    ]
    structure = program.call_spec.out_spec
    assert structure is not None
    return [_spec(name, value) for name, value in named_leaves(pytree.tree_unflatten(kept, structure))]


def _spec(name: str, value: torch.Tensor) -> TensorSpec:
    shape = tuple(int(size) if is_concrete_int(size) else str(size) for size in value.shape)
    return TensorSpec(name, str(value.dtype).removeprefix("torch."), shape)


def _module(program: torch.export.ExportedProgram, constants: dict[int, Any]) -> nn.Module:
    # Guards are source code in the file; without them a hook compares sizes at every call.
    try:
        module: nn.Module = program.module(check_guards=False)
    except Exception as error:
        raise ModelError(f"The program cannot be made a module ({type(error).__name__}: {error}).") from error
    if not any(is_bounded(constraint.upper) for constraint in program.range_constraints.values()):
        # The hook has nothing left to refuse but sizes that the operators refuse; it would cost time in every call, and
        # torch.compile breaks the graph at it.
        module._forward_pre_hooks.clear()  # noqa: SLF001 - torch has no other way
    # An exported program is as it was exported, and raises where it is asked to change its mode.
    vars(module).update(train=lambda _mode=True: module, eval=lambda: module)
    structure = program.call_spec.in_spec
    assert structure is not None
    count = structure.num_leaves
    if not constants and pytree.tree_unflatten(list(range(count)), structure) == (tuple(range(count)), {}):
        return module
    return Structured(module, structure, constants)


@contextmanager
def without_log() -> Iterator[None]:
    """Keep torch's warnings out of the log; one of them cannot even be formatted."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def is_bounded(bound: object) -> bool:
    """Return whether a bound of a size, which torch keeps as an expression, is one that a person would write."""
    return str(bound).isdecimal() and int(str(bound)) < UNBOUNDED
