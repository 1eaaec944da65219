"""Keras models and SavedModels as `.tflite` files, by TensorFlow's converter."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from infer_compare.backends import ModelError, UnsupportedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends import ModelSource

    Call = Callable[..., Sequence[Any]]

SERVING = "serving_default"


def convert(model: ModelSource) -> bytes:
    """Return the `.tflite` file of a model in float32, with a free batch axis and numbered inputs and outputs.

    Args:
        model: of the format `keras` or `savedmodel`, as TensorFlow described it.

    Raises:
        UnsupportedModel: LiteRT has no operator for something that the model does.
        ModelError: the model cannot be read.
    """
    # Converting needs no accelerator, and TensorFlow would reserve all memory of one that it sees.
    with contextlib.suppress(RuntimeError):
        tf.config.set_visible_devices([], "GPU")
    call = (_keras if model.format == "keras" else _saved_model)(model)
    signature = [
        tf.TensorSpec(
            [size if isinstance(size, int) else None for size in spec.shape],
            spec.dtype,
            name=f"infer_compare_input_{index:04}",
        )
        for index, spec in enumerate(model.inputs)
    ]

    def serve(*tensors: Any) -> dict[str, Any]:  # noqa: ANN401 - tensors of TensorFlow
        return {f"infer_compare_output_{index:04}": tensor for index, tensor in enumerate(call(*tensors))}

    function = tf.function(serve, input_signature=signature, autograph=False).get_concrete_function()
    # What the converter cannot find from here it takes for variables that change.
    owner = tf.Module()
    owner.held = list(function.graph.variables)
    try:
        converted: bytes = tf.lite.TFLiteConverter.from_concrete_functions([function], owner).convert()
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise
    except Exception as error:
        # The converter has its own exception class, but its passes raise others as well.
        raise UnsupportedModel(f"TensorFlow cannot convert {model.name} for LiteRT: {_said(error)}.") from error
    return converted


def _said(error: Exception) -> str:
    """Return the first operator that the converter complains of, or its first line."""
    text = str(error).strip() or type(error).__name__
    operator = re.search(r"error: ('tf\.\w+' op [^\n]*)", text)
    return (operator[1] if operator else text.splitlines()[0]).rstrip(".")


def _keras(model: ModelSource) -> Call:
    import keras

    try:
        loaded = keras.saving.load_model(model.path, compile=False, safe_mode=not model.trusted)
    except (ValueError, TypeError, OSError) as error:
        raise ModelError(f"{model.location} cannot be loaded by Keras: {error}") from error
    # With inputs and outputs as lists, in the order that infer-compare has them in.
    flat = keras.Model(list(loaded.inputs), list(loaded.outputs))
    return lambda *tensors: tf.nest.flatten(flat(list(tensors), training=False))


def _saved_model(model: ModelSource) -> Call:
    root = tf.saved_model.load(model.location)
    signatures = dict(root.signatures)
    if not signatures:
        raise ModelError(f"{model.location} has no signature to call.")
    function = signatures.get(SERVING) or next(iter(signatures.values()))
    keywords, results = sorted(function.structured_input_signature[1]), sorted(function.structured_outputs)
    named = [spec.name for spec in model.inputs]
    names = named if sorted(named) == keywords else keywords

    def call(*tensors: Any) -> list[Any]:  # noqa: ANN401 - tensors of TensorFlow
        # The object that was loaded owns the variables; the function alone would not keep them.
        assert root is not None
        result = function(**dict(zip(names, tensors, strict=True)))
        return [result[name] for name in results]

    return call
