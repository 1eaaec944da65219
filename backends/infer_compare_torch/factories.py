"""Modules made by a user's function: their description, and the same weights in every process."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from infer_compare.backends import ModelDescription, ModelError, ModelSource, TensorSpec, UnsupportedModel, one_line
from infer_compare.backends.native_models import declared, make_model, own_files, seed_generators, split
from infer_compare_torch.importer.dtypes import from_name
from infer_compare_torch.loaded import LoadedModel
from infer_compare_torch.probing import probe
from infer_compare_torch.runtime import evaluating
from infer_compare_torch.signature import binding_of, example_inputs

FORMAT = "nn.Module"
SAVED = "weights.pt"
EXPORTED = "exported.pt2"


def describe(model: ModelSource, folder: Path, seed: int) -> ModelDescription:
    """Describe the module that a function makes, and save its weights in `folder`.

    Raises:
        UnsupportedModel: it makes something that is no torch model.
        ModelError: it cannot be called or raised; its model's inputs are not known, or it does not run on them.
        InputError: an input has the name of no parameter of the module's `forward`.
    """
    location = _absolute(model.location)
    made, texts = _made(location, seed)
    specs, fills = declared(texts) if texts else (model.inputs, {})
    folder.mkdir(parents=True, exist_ok=True)
    sources = tuple(map(str, own_files(location)))
    if type(made).__name__ == "ExportedProgram":
        # Not imported for modules: it brings the compiler along, which takes seconds of every worker's start.
        from infer_compare_torch import programs

        path = folder / EXPORTED
        torch.export.save(cast("torch.export.ExportedProgram", made), path)
        # Naming a function is consent to run it, and this file was written by it.
        exported = msgspec.structs.replace(model, location=str(path), format="pt2", trusted=True)
        description = programs.describe(exported)
        return msgspec.structs.replace(description, files=(*sources, *description.files), fills=fills)
    module = _module(made, location)
    if not specs:
        example = example_inputs(module)
        raise ModelError(
            f"{model.location} returns a {type(module).__name__}, whose inputs are not known; describe them with "
            f"--input '{example}', or return ModelSpec(module, inputs=['{example}'])."
        )
    for spec in specs:
        from_name(spec.dtype)
    binding = binding_of(module, [spec.name for spec in specs])
    if any(is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers())):
        probed = probe(module, specs, fills, binding)
        saved = _state(module)
    else:
        # The run could change what the module keeps, such as a cache.
        saved = _state(module)
        saved = {"state_dict": _copied(saved["state_dict"]), "buffers": _copied(saved["buffers"])}
        probed = probe(module, specs, fills, binding)
    saved["outputs"] = [(spec.name, spec.dtype, list(spec.shape)) for spec in probed.outputs]
    # Two functions of a file may make models that differ in what they compute alone.
    saved["function"] = split(location)[1]
    known = {name: f"randint(0,{size})" for name, size in probed.tables.items()}
    weights = folder / SAVED
    torch.save(saved, weights)
    source = msgspec.structs.replace(model, location=location, format=FORMAT, weights=str(weights), inputs=specs)
    return ModelDescription(
        source=source,
        inputs=specs,
        outputs=probed.outputs,
        files=(*sources, str(weights)),
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        fills=known | fills,
    )


def load(model: ModelSource, seed: int) -> LoadedModel:
    """Return the module again, with the weights that were saved.

    Raises:
        ModelError: the weights cannot be read, or the function now makes a module that they do not fit.
    """
    saved = _saved(Path(model.weights))
    module = _module(_made(model.location, seed)[0], model.location)
    buffers = _buffers(module, saved["state_dict"])
    try:
        module.load_state_dict(saved["state_dict"], strict=True)
        with torch.no_grad():
            for name in buffers.keys() | saved["buffers"].keys():
                buffers[name].copy_(saved["buffers"][name])
    except (RuntimeError, KeyError) as error:
        raise ModelError(
            f"{model.location} made different layers than on its first call; it must "
            f"build the same layers on every call ({one_line(str(error), 400)})."
        ) from error
    outputs = tuple(TensorSpec(name, dtype, tuple(shape)) for name, dtype, shape in saved["outputs"])
    binding = binding_of(module, [spec.name for spec in model.inputs])
    return LoadedModel(module, model.inputs, outputs, binding=binding)


def _made(location: str, seed: int) -> tuple[object, tuple[str, ...]]:
    seed_generators(seed)
    torch.manual_seed(seed)
    return make_model(location)


def _module(made: object, location: str) -> nn.Module:
    if not isinstance(made, nn.Module):
        kind = type(made)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        raise UnsupportedModel(
            f"{location} returned a {name}, which is not a torch model; the torch backend takes an nn.Module or a "
            "torch.export.ExportedProgram."
        )
    # What torch.compile returns would run compiled where `eager` is reported; options say how it runs.
    inner = getattr(made, "_orig_mod", made) if type(made).__name__ == "OptimizedModule" else made
    assert isinstance(inner, nn.Module)
    if any(kind.__module__.partition(".")[0] == "keras" for kind in type(inner).__mro__):
        raise UnsupportedModel(
            f"{location} returned a Keras model that runs on Keras's torch backend, which is several times slower than a "
            "torch module; save the model with model.save('net.keras') and name that "
            "file. It then runs on TensorFlow, and on the others after an export to ONNX."
        )
    return evaluating(inner).to("cpu")


def _state(module: nn.Module) -> dict[str, Any]:
    state = module.state_dict()
    return {"state_dict": state, "buffers": _buffers(module, state)}


def _buffers(module: nn.Module, state: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Return the buffers that the state leaves out; they too may have been drawn at random."""
    return {name: buffer for name, buffer in module.named_buffers() if name not in state}


def _copied(tensors: dict[str, Any]) -> dict[str, Any]:
    """Return copies of tensors; tensors that share memory still do."""
    import copy

    return copy.deepcopy(tensors)


def _saved(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelError(
            f"There is no file {str(path)!r} with the weights of the model; it is written when the model is described."
        )
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"The weights in {path} cannot be read ({reason}).") from error
    if not isinstance(saved, dict) or not {"state_dict", "buffers", "outputs"} <= set(saved):
        raise ModelError(f"{path} was not written by infer-compare; its weights are not read.")
    return cast("dict[str, Any]", saved)


def _absolute(location: str) -> str:
    place, name = split(location)
    return f"{Path(place).absolute()}:{name}" if place.endswith(".py") else location
