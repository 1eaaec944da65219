"""Models made by a callable, saved as a `.keras` file or a SavedModel folder."""

from __future__ import annotations

import inspect
import json
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from infer_compare.backends import ModelError, UnsupportedModel
from infer_compare.backends.native_models import REST, bind
from infer_compare_tensorflow import operators, scan
from infer_compare_tensorflow.keras_file import make_steady
from infer_compare_tensorflow.keras_model import call_in_order, flat, keras, known_inputs
from infer_compare_tensorflow.native import matched, quiet, sentence, signature_of, spec_of
from infer_compare_tensorflow.saved_model import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from infer_compare.backends import TensorSpec

    Saved = tuple[str, Path, Sequence[TensorSpec]]

KERAS_OWN = frozenset({"self", "training", "mask"})
"""Parameters that Keras or Python passes itself."""


def save(made: Any, given: Sequence[TensorSpec], folder: Path) -> Saved | None:  # noqa: ANN401 - what the user returned
    """Save a model, the same model always as the same bytes.

    Args:
        made: a `keras.Model`, a `tf.function`, or a `tf.Module` that can be called.
        given: its inputs, in order; empty if it says them itself.
        folder: where to write.

    Returns:
        The format, the place, and the inputs in the model's order; None when it is no model of TensorFlow's.

    Raises:
        ModelError: its inputs are not known, or it cannot be saved.
        InputError: an input that was described is none of the model's, or one is missing.
        UnsupportedModel: it calls Python functions while it runs.
    """
    if isinstance(made, keras().Model):
        return _save_keras(made, given, folder)
    if _is_function(made):
        call, known = _signature(made)
        owner = None
    elif isinstance(made, tf.Module):
        if not callable(made):
            raise UnsupportedModel(f"The {type(made).__name__} has no __call__; a tf.Module is measured by calling it.")
        call, known = _signature(made.__call__) if _is_function(made.__call__) else (made, ())
        owner = made
    else:
        return None
    inputs = given or known
    if not inputs:
        raise ModelError(_untold(made, made))
    if given:
        call = _ordered(call, known, given) if known else _by_name(call, made, given)
    return "savedmodel", save_graph(call, owner, inputs, folder), inputs


def _save_keras(model: Any, given: Sequence[TensorSpec], folder: Path) -> Saved:  # noqa: ANN401 - a keras.Model
    path = folder / "model.keras"
    known = known_inputs(model)
    if known and _saved_as_file(model, path):
        return "keras", path, given
    path.unlink(missing_ok=True)
    if known:
        inputs = given or known

        def in_order(*tensors: tf.Tensor) -> Any:  # noqa: ANN401 - any structure of tensors
            return call_in_order(model, tensors)

        call = _ordered(in_order, known, given) if given else in_order
    elif given:
        inputs = given
        call = _by_name(partial(model, training=False) if _takes_training(model) else model, model.call, given)
    else:
        raise ModelError(_untold(model, model.call))
    return "savedmodel", save_graph(call, None, inputs, folder), inputs


def _ordered(call: Callable[..., Any], known: Sequence[TensorSpec], given: Sequence[TensorSpec]) -> Callable[..., Any]:
    """Return a function that takes the inputs in the given order and calls one that takes them in the model's order."""
    order = matched(known, given)
    places = [order.index(place) for place in range(len(order))]
    return lambda *tensors: call(*(tensors[place] for place in places))


def _by_name(call: Callable[..., Any], function: Any, given: Sequence[TensorSpec]) -> Callable[..., Any]:  # noqa: ANN401 - a model or a function
    """Return a function that takes the inputs in the given order and passes them by the names of the parameters."""
    names = [spec.name for spec in given]
    parameters = _parameters(function, KERAS_OWN - {name.partition(".")[0] for name in names})
    if parameters is None:
        return call
    owner = getattr(function, "__self__", function)
    title = "The function" if inspect.isfunction(inspect.unwrap(owner)) else f"The {type(owner).__name__}"
    return bind(parameters, names, title, function).bound(call)


def _parameters(function: Any, left_out: frozenset[str]) -> list[inspect.Parameter] | None:  # noqa: ANN401 - as above
    """Return the parameters of a function, or None if it does not tell them."""
    try:
        return [
            parameter for parameter in inspect.signature(function).parameters.values() if parameter.name not in left_out
        ]
    except (ValueError, TypeError):
        return None


def _untold(made: object, function: object) -> str:
    """Return the error message for a model without stated inputs; its example names the model's own first parameter."""
    name = next(
        (parameter.name for parameter in _parameters(function, KERAS_OWN) or () if parameter.kind not in REST), "x"
    )
    example = f"{name}:f32[batch,3,224,224]"
    return (
        f"The {type(made).__name__} does not state its inputs; return "
        f"ModelSpec(model, inputs=['{example}']), or give --input '{example}'."
    )


def _takes_training(model: Any) -> bool:  # noqa: ANN401 - a keras.Model
    return bool(getattr(model, "_call_has_training_arg", True))


def _saved_as_file(model: Any, path: Path) -> bool:  # noqa: ANN401 - a keras.Model
    """Save a model as `.keras` if any process with Keras can load it again without trust; return whether it was saved."""
    try:
        with quiet():
            model.save(path)
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
    except Exception:  # noqa: BLE001 - layers of the user's own fail in their own ways; a graph takes them
        return False
    if scan.unsafe_layers(config) or scan.foreign_classes(config):
        return False
    make_steady(path)
    return True


def _is_function(value: object) -> bool:
    return isinstance(value, tf.types.experimental.PolymorphicFunction)


def _signature(function: Any) -> tuple[Callable[..., Any], Sequence[TensorSpec]]:  # noqa: ANN401 - a `tf.function`
    """Return a function of flat tensors, and its inputs where the `tf.function` has a signature; else it and nothing."""
    if function.input_signature is None:
        return function, ()
    with quiet():
        concrete = function.get_concrete_function()
    structure = concrete.structured_input_signature
    specs = tf.nest.flatten(structure)
    if not all(isinstance(spec, tf.TensorSpec) for spec in specs):
        raise UnsupportedModel("The signature of the tf.function takes more than dense tensors.")
    inputs = [spec_of(spec.name or f"input_{index}", spec.dtype, spec.shape) for index, spec in enumerate(specs)]

    def call(*tensors: tf.Tensor) -> Any:  # noqa: ANN401 - any structure of tensors
        arguments, keywords = tf.nest.pack_sequence_as(structure, list(tensors))
        return function(*arguments, **keywords)

    return call, inputs


def save_graph(call: Callable[..., Any], owner: object, inputs: Sequence[TensorSpec], folder: Path) -> Path:
    """Save a function of tensors as a SavedModel, and return its folder.

    Args:
        call: takes the inputs in order.
        owner: of its variables; kept with them.
        inputs: of the function.
        folder: where to write.

    Raises:
        ModelError: it cannot be traced or saved.
        UnsupportedModel: it calls Python functions while it runs.
    """
    path = folder / "saved_model"
    plain = [spec.name for spec in inputs]
    # The arguments of a signature are sorted by name: names that Python would not take become places.
    safe = all(name.isidentifier() for name in plain) and len(set(plain)) == len(plain)
    names = plain if safe else [f"input_{index:03}" for index in range(len(inputs))]

    def serve(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        return _named(call(*tensors))

    function = tf.function(serve, input_signature=signature_of(inputs, names), autograph=False)
    module = tf.Module()
    try:
        with quiet():
            module.owner = owner
            module.held = list(function.get_concrete_function().graph.variables)
            tf.saved_model.save(module, str(path), signatures=function)
    except Exception as error:
        # Tracing runs the user's own code.
        if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError | UnsupportedModel):
            raise
        raise ModelError(f"The model cannot be saved as a SavedModel: {sentence(error)}.") from error
    parsed = parse(path)
    if python := operators.PYTHON.intersection(scan.unsafe_operators(parsed)):
        raise UnsupportedModel(
            f"The model calls Python functions while it runs ({', '.join(sorted(python))}), which no other process has; "
            "make it without tf.py_function and tf.numpy_function."
        )
    graph = path / "saved_model.pb"
    if graph.is_file():
        graph.write_bytes(parsed.SerializeToString(deterministic=True))
    return path


def _named(outputs: Any) -> dict[str, tf.Tensor]:  # noqa: ANN401 - any structure of tensors
    """Return outputs by name: a flat dictionary's own keys, else numbers that sort in the order of `tf.nest`."""
    tensors = flat(outputs)
    if isinstance(outputs, dict) and len(outputs) == len(tensors) and all(isinstance(key, str) for key in outputs):
        names = sorted(outputs)
    else:
        width = len(str(len(tensors) - 1))
        names = [f"output_{index:0{width}}" for index in range(len(tensors))]
    return dict(zip(names, map(tf.identity, tensors), strict=True))
