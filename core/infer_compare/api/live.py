"""Models that live in the user's process, saved so that workers can load them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.errors import ModelError
from infer_compare.models.given import parse_input

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.interfaces import ModelSource, TensorSpec
    from infer_compare.plugins import BackendEntry, Plugins

LARGEST_BYTES = 1_900_000_000
"""Weights of an ONNX model up to here go into the file itself, which protobuf limits to 2 GiB."""


class SavedModel(NamedTuple):
    """A model as it can be named on a command line."""

    text: str
    inputs: tuple[str, ...]
    """What was said of the inputs, by the names that they have in the file."""


def is_live(model: object) -> bool:
    """Whether it is an object to save, and not a name or a path."""
    return model is not None and not isinstance(model, (str, os.PathLike))


def name_of(model: object) -> str:
    """What reports call a live model: its class."""
    return type(model).__name__


def save_model(model: object, inputs: Sequence[str], folder: Path, plugins: Plugins) -> SavedModel:
    """Writes a live model into a folder.

    Only backends whose framework this process has imported are asked, since a live model cannot be without it.

    Args:
        model: an `onnx.ModelProto`, or what an installed backend saves, such as an `nn.Module` or a `keras.Model`.
        inputs: what was said of its inputs, in the form of `--input`, in the order in which the model takes them.
        folder: where to write.
        plugins: what is installed.

    Raises:
        InputError: what was said of the inputs cannot be understood.
        ModelError: nothing that is installed can save it; or its own backend says why not.
    """
    given = _specs(inputs)
    if _is_onnx(model):
        return SavedModel(_save_onnx(model, folder), tuple(inputs))
    for entry in sorted(plugins.backends, key=lambda one: not _is_of(model, one)):
        if all(module in sys.modules for module in entry.backend.requires):
            saved = entry.backend.save(model, given, folder)
            if saved is not None:
                return SavedModel(saved.location, _renamed(inputs, saved))
    kind = type(model)
    raise ModelError(
        f"A {kind.__module__}.{kind.__qualname__} is no model that an installed backend can save; give a name, a path, an "
        "nn.Module, a keras.Model or an onnx.ModelProto."
    )


def _is_of(model: object, entry: BackendEntry) -> bool:
    """Whether a class of the object comes from a backend's framework."""
    packages = {cls.__module__.partition(".")[0] for cls in type(model).__mro__}
    return bool(packages & set(entry.backend.requires))


def _specs(inputs: Sequence[str]) -> tuple[TensorSpec, ...]:
    """The inputs that were said, where each was said in full; else nothing."""
    from infer_compare.interfaces import TensorSpec

    given = [parse_input(text) for text in inputs]
    full = [(one.name, one.dtype, one.shape) for one in given if one.dtype is not None and one.shape is not None]
    return tuple(TensorSpec(*one) for one in full) if len(full) == len(given) else ()


def _renamed(inputs: Sequence[str], saved: ModelSource) -> tuple[str, ...]:
    """What was said of each input, by the name that the file has for the input in its place."""
    if len(saved.inputs) != len(inputs):
        return tuple(inputs)
    return tuple(
        f"{own.name}{text.strip().removeprefix(parse_input(text).name)}"
        for text, own in zip(inputs, saved.inputs, strict=True)
    )


def _is_onnx(model: object) -> bool:
    kind = type(model)
    return kind.__name__ == "ModelProto" and kind.__module__.partition(".")[0] == "onnx"


def _save_onnx(model: object, folder: Path) -> str:
    import onnx

    assert isinstance(model, onnx.ModelProto)
    path = folder / "model.onnx"
    if model.ByteSize() <= LARGEST_BYTES:
        path.write_bytes(model.SerializeToString())
    else:
        # Saving with external data takes the weights out of the object that is saved.
        copied = onnx.ModelProto()
        copied.CopyFrom(model)
        onnx.save_model(copied, path, save_as_external_data=True, location="model.onnx.data")
    return str(path)
