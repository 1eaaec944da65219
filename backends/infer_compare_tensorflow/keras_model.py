"""Keras models: `.keras` files, read without running code from them."""

from __future__ import annotations

import json
import os
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from infer_compare.backends import ModelError, UnsupportedModel, UntrustedModel
from infer_compare_tensorflow import scan
from infer_compare_tensorflow.native import Served, quiet, sentence, spec_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.backends import TensorSpec

MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
MAX_TEXT = 64 * 2**20
"""Bytes that the configuration in a file may have; that of a model with a thousand layers has a hundredth of it."""


def keras() -> Any:  # noqa: ANN401 - the module is untyped
    """Return the module, computing with TensorFlow.

    Raises:
        UnsupportedModel: it was imported before with another backend.
    """
    # Settings in the environment or in ~/.keras are for the user's own work; here TensorFlow is measured.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras as module  # type: ignore[import-untyped]

    backend = module.backend.backend()
    if backend != "tensorflow":
        raise UnsupportedModel(
            f"Keras uses the backend {backend} in this process instead of tensorflow; "
            "take out what sets another Keras backend."
        )
    return module


def read_keras(path: Path, *, trusted: bool = False) -> Served:
    """Read a `.keras` file, whose variables come to the device of the scope that this is called in.

    Args:
        path: the file.
        trusted: whether code in it is trusted, such as that of a Lambda layer.

    Raises:
        UntrustedModel: it holds code, and is not trusted.
        UnsupportedModel: it needs classes that are not in it.
        ModelError: it is missing, cut, or cannot be read by this version of Keras.
    """
    config, version = _opened(path)
    if not trusted and (layers := scan.unsafe_layers(config)):
        raise UntrustedModel(_refusal(path, f"it contains {_listed(layers)}, which can hold code"))
    if foreign := scan.foreign_classes(config):
        raise UnsupportedModel(
            f"{path} needs {_listed(foreign)}, whose code is not in the file; name a function that makes or loads "
            "the model, as in file.py:make, or save it as a SavedModel with model.export(...)."
        )
    module = keras()
    try:
        with quiet():
            model = module.saving.load_model(path, compile=False, safe_mode=not trusted)
    except Exception as error:
        # Every class of error comes from here: a wrong file meets zip, JSON, HDF5 and every layer's constructor.
        if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError):
            raise
        # Keras prints the whole configuration first, and what went wrong last.
        text = sentence(str(error).rsplit("Exception encountered: ", 1)[-1] or error)
        if not trusted and any(word in str(error) for word in ("safe_mode", "for security", "Not allowed")):
            raise UntrustedModel(_refusal(path, f"Keras refuses it: {text}")) from error
        saved = f"it was saved by Keras {version}, and this is {module.__version__}; " * (version != module.__version__)
        raise ModelError(f"{path} cannot be loaded by Keras: {saved}{text}.") from error
    if not isinstance(model, module.Model):
        raise UnsupportedModel(f"{path} holds a {type(model).__name__}, which is not a keras.Model.")
    try:
        return served(model)
    except UnsupportedModel as error:
        raise UnsupportedModel(f"{path}: {error}") from error


def served(model: Any) -> Served:  # noqa: ANN401 - a keras.Model
    """Return a model whose inputs are known, functional or sequential, in inference mode.

    Raises:
        UnsupportedModel: the model is of its own class and does not know its inputs.
    """
    if not known_inputs(model):
        raise UnsupportedModel(
            f"the {type(model).__name__} does not know its inputs; build it with keras.Input, or name a function that "
            "returns ModelSpec(model, inputs=['x:f32[batch,3,224,224]'])."
        )

    def call(*tensors: tf.Tensor) -> Sequence[tf.Tensor]:
        return flat(call_in_order(model, tensors))

    return Served(
        call=call,
        inputs=known_inputs(model),
        outputs=_specs(_output_names(model), model.outputs),
        precision=_precision(model),
        parameters=model.count_params(),
    )


def known_inputs(model: Any) -> tuple[TensorSpec, ...]:  # noqa: ANN401 - a keras.Model
    """Return the inputs of a functional or sequential model, named as their layers; none of a model that does not know them."""
    tensors = getattr(model, "inputs", None) or ()
    return _specs([tensor._keras_history.operation.name for tensor in tensors], tensors)  # noqa: SLF001 - as below


def call_in_order(model: Any, tensors: Sequence[tf.Tensor]) -> Any:  # noqa: ANN401 - a keras.Model, and any structure
    """Return what a model that knows its inputs returns for them, in inference mode.

    Args:
        model: functional or sequential.
        tensors: in the order of `model.inputs`.
    """
    # A sequential model takes one tensor; a functional one the structure of inputs that it was made with.
    structure = getattr(model, "_inputs_struct", None)
    packed = tensors[0] if structure is None else keras().tree.pack_sequence_as(structure, list(tensors))
    return model(packed, training=False)


def flat(outputs: object) -> list[tf.Tensor]:
    """Return outputs as a list, in the order of `tf.nest`.

    Raises:
        UnsupportedModel: one of them is no dense tensor.
    """
    tensors: list[tf.Tensor] = tf.nest.flatten(outputs)
    for tensor in tensors:
        if not isinstance(tensor, tf.Tensor):
            raise UnsupportedModel(
                f"the model returns a {type(tensor).__name__}, and only dense tensors can be compared."
            )
    return tensors


def _specs(names: Sequence[str], tensors: Sequence[Any]) -> tuple[TensorSpec, ...]:
    return tuple(
        spec_of(name, tf.as_dtype(tensor.dtype), tensor.shape) for name, tensor in zip(names, tensors, strict=True)
    )


def _output_names(model: Any) -> list[str]:  # noqa: ANN401 - a keras.Model
    """Return the keys of a flat dictionary, else the names of the output layers, numbered where one has several."""
    structure = getattr(model, "_outputs_struct", None)
    if isinstance(structure, dict) and len(structure) == len(model.outputs):
        return sorted(structure)
    names: list[str] = []
    for tensor in model.outputs:
        base = tensor._keras_history.operation.name  # noqa: SLF001 - there is no public way to it
        same = sum(name == base or name.startswith(f"{base}_") for name in names)
        names.append(f"{base}_{same}" if base in names else base)
    return names


def _precision(model: Any) -> str:  # noqa: ANN401 - a keras.Model
    """Return the dtype in which its layers with weights compute; all of them where they differ."""
    layers = [layer for layer in model._flatten_layers() if layer.weights]  # noqa: SLF001 - `layers` leaves out nested ones
    dtypes = sorted({str(layer.compute_dtype) for layer in layers} or {"float32"})
    return dtypes[0] if len(dtypes) == 1 else f"mixed ({', '.join(dtypes)})"


def _opened(path: Path) -> tuple[Any, str]:
    """Return the configuration of a file, and the version of Keras that wrote it."""
    if not path.is_file():
        raise ModelError(f"There is no model file {path}.")
    try:
        with zipfile.ZipFile(path) as archive:
            missing = [name for name in MEMBERS[:2] if name not in archive.namelist()]
            if missing:
                raise ModelError(f"{path} is not a .keras file: it has no {missing[0]} in it.")
            config, metadata = (json.loads(_text(archive, name, path)) for name in ("config.json", "metadata.json"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not a valid .keras file: its configuration is not JSON.") from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"{path} is not a .keras file, or it is cut short ({sentence(error)}).") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({sentence(error)}).") from error
    return config, str(metadata.get("keras_version", "of an unknown version") if isinstance(metadata, dict) else "")


def _text(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    size = archive.getinfo(name).file_size
    if size > MAX_TEXT:
        raise ModelError(f"{path} is not a valid .keras file: its {name} has {size} bytes.")
    return b"".join(iter(partial(archive.open(name).read, MAX_TEXT), b""))


def _refusal(path: Path, why: str) -> str:
    return (
        f"{path} may execute code when loaded: {why}. "
        "Give --trust if you know where the file comes from, and then only it is loaded without Keras's safe mode."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
