"""The code that runs a model in TensorFlow as a contender ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.backends import Device, ModelSource, Settings


def snippet(model: ModelSource, settings: Settings, device: Device) -> str | None:
    """Return the code; see `Backend.snippet`. There is none for ONNX models, which infer-compare itself renders."""
    if settings.precision not in {None, "float32"} or model.format != "keras":
        return None
    compiled = getattr(settings.options, "jit_compile", False)
    place = f"/{'GPU' if device.kind == 'cuda' else 'CPU'}:{device.index}"
    return "\n".join(
        [
            "import tensorflow as tf",
            "",
            f"tf.config.threading.set_intra_op_parallelism_threads({settings.threads})",
            "tf.config.threading.set_inter_op_parallelism_threads(1)",
            f"model = tf.keras.models.load_model({model.location!r}, compile=False)",
            "",
            "",
            f"@tf.function(jit_compile={compiled})",
            "def call(*inputs):",
            "    return model(inputs[0] if len(inputs) == 1 else list(inputs), training=False)",
            "",
            "",
            "def predict(*inputs):",
            f'    with tf.device("{place}"):',
            "        outputs = tf.nest.flatten(call(*map(tf.constant, inputs)))",
            "    return [output.numpy() for output in outputs]",
            "",
        ]
    )
