"""The parameters of a module's `forward`, and example inputs for it."""

from __future__ import annotations

import inspect
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from torch import nn

from infer_compare.backends.native_models import REST, Binding, bind, one_by_one

if TYPE_CHECKING:
    from collections.abc import Sequence

USUAL_IMAGE = "x:f32[batch,3,224,224]"


def binding_of(module: nn.Module, names: Sequence[str]) -> Binding:
    """Return how inputs of these names are passed to a module.

    Raises:
        InputError: its `forward` has no parameter of a name, or needs one that is not among the names.
    """
    parameters = _parameters(module)
    if parameters is None:
        return one_by_one(len(names))
    return bind(parameters, names, f"The forward of {type(module).__name__}", module.forward)


def example_inputs(module: nn.Module) -> str:
    """Return an example in the form of `--input`, with the name and, as far as known, the shape that a module takes."""
    parameters = [parameter for parameter in _parameters(module) or () if parameter.kind not in REST]
    required = [parameter.name for parameter in parameters if parameter.default is Parameter.empty]
    main = getattr(module, "main_input_name", None)  # as every model of transformers has it
    names = [parameter.name for parameter in parameters]
    name = required[0] if required else main if main in names else next(iter(names), "x")
    return f"{name}:{_usual(module)}"


def _usual(module: nn.Module) -> str:
    """Return dtype and shape of what the first layer with weights would take."""
    for layer in module.modules():
        if isinstance(layer, nn.Embedding):
            return f"i64[batch,128]=randint(0,{layer.num_embeddings})"
        for kind, axes in ((nn.Conv1d, "128"), (nn.Conv2d, "224,224"), (nn.Conv3d, "16,112,112")):
            if isinstance(layer, kind) and layer.in_channels:
                return f"f32[batch,{layer.in_channels},{axes}]"
        if isinstance(layer, nn.Linear) and layer.in_features:
            return f"f32[batch,{layer.in_features}]"
        if isinstance(layer, nn.RNNBase):
            return f"f32[batch,128,{layer.input_size}]"
    return USUAL_IMAGE.partition(":")[2]


def _parameters(module: nn.Module) -> list[Parameter] | None:
    """Return the parameters of a module's `forward`, or None if it does not tell them."""
    forward: Any = module.forward
    if (schema := getattr(forward, "schema", None)) is not None:
        # Of a scripted module, which `inspect` cannot look into.
        return [
            Parameter(
                argument.name,
                Parameter.KEYWORD_ONLY if argument.kwarg_only else Parameter.POSITIONAL_OR_KEYWORD,
                default=None if argument.has_default_value() else Parameter.empty,
            )
            for argument in schema.arguments
            if argument.name != "self"
        ]
    try:
        return list(inspect.signature(forward).parameters.values())
    except (ValueError, TypeError):
        return None
