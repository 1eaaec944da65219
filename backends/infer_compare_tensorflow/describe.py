"""Descriptions of models that only TensorFlow can read, and of models that a callable makes, which are saved."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from infer_compare.backends import ModelDescription, UnsupportedModel
from infer_compare.backends.native_models import declared, make_model
from infer_compare_tensorflow.keras_model import keras, read_keras
from infer_compare_tensorflow.native import NativeProgram
from infer_compare_tensorflow.saved_model import files_of, read_saved_model
from infer_compare_tensorflow.writing import save

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.backends import ModelSource


def read(model: ModelSource) -> NativeProgram:
    """Return the model in a `.keras` file or a SavedModel folder, in host memory.

    Raises:
        ModelError: it cannot be read, is not trusted, or is not supported; see the readers.
        InputError: what is known of its inputs from elsewhere does not fit.
    """
    reader = read_keras if model.format == "keras" else read_saved_model
    return NativeProgram(lambda: reader(model.path, trusted=model.trusted), model.inputs)


def describe(model: ModelSource, folder: Path, seed: int) -> ModelDescription:
    """Describe a model; a callable is called, and the model that it made is saved.

    Args:
        model: of the format `callable`, `keras` or `savedmodel`.
        folder: where what a callable made is saved.
        seed: of all generators, before a callable is called.

    Raises:
        UnsupportedModel: the callable made no model of TensorFlow's.
        ModelError: the model cannot be read, or its inputs are not known.
        InputError: what was said of the inputs does not fit.
    """
    fills: dict[str, str] = {}
    if model.format == "callable":
        model, fills = _made(model, folder, seed)
    program = read(model)
    inputs = tuple(program.inputs)
    return ModelDescription(
        # With the axes named, and in the order that everybody takes them in.
        source=msgspec.structs.replace(model, inputs=inputs),
        inputs=inputs,
        outputs=tuple(program.outputs),
        files=(model.location,) if model.format == "keras" else files_of(model.path),
        parameters=program.parameters,
        fills=fills,
    )


def _made(source: ModelSource, folder: Path, seed: int) -> tuple[ModelSource, dict[str, str]]:
    """Save the model that the callable made; return its source, and how inputs are filled."""
    keras().utils.set_random_seed(seed)
    made, texts = make_model(source.location)
    specs, fills = declared(texts)
    given = source.inputs or specs
    saved = save(made, given, folder)
    if saved is None:
        raise UnsupportedModel(f"{source.location} returned a {type_name(made)}, which is not a TensorFlow model.")
    kind, path, inputs = saved
    # Naming a callable is consent to run its code; the file that it saved can do nothing more.
    changed = msgspec.structs.replace(source, format=kind, location=str(path), inputs=tuple(inputs), trusted=True)
    return changed, fills


def type_name(value: object) -> str:
    """Return a type as people write it: `torch.nn.Linear`, not `torch.nn.modules.linear.Linear`."""
    cls = type(value)
    parts = cls.__module__.split(".")
    for count in range(1, len(parts)):
        prefix = ".".join(parts[:count])
        if getattr(sys.modules.get(prefix), cls.__name__, None) is cls:
            return f"{prefix}.{cls.__name__}"
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
