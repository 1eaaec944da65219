"""The promises of a backend, kept by this one, and what is particular to `.tflite` files."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from infer_compare_litert import LiteRtBackend, LiteRtOptions

from infer_compare.backends import BATCH, Device, ModelError, ModelSource, Settings, UnsupportedModel
from infer_compare.testing import BackendConformance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends import Array

SIZES = (32, 32, 3)
ROWS = 12


@cache
def folder() -> Path:
    """Where the models are made."""
    made = Path(mkdtemp())
    atexit.register(rmtree, made, ignore_errors=True)
    return made


@cache
def rows() -> Array:
    """Inputs."""
    return np.random.default_rng(0).standard_normal((ROWS, *SIZES), np.float32)


@cache
def cnn() -> tuple[ModelSource, Array]:
    """Return a net of convolutions as a Keras file, and what Keras computes for the rows."""
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input(SIZES, name="image"),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, bias_initializer="ones"),
        ]
    )
    path = folder() / "cnn.keras"
    model.save(path)
    return ModelSource(format="keras", location=str(path), name="cnn"), np.asarray(model(rows(), training=False))


@cache
def converted() -> ModelSource:
    """Return the same as a `.tflite` file, by the plugin's own converter."""
    from infer_compare_litert.converting import convert

    from infer_compare.backends import TensorSpec

    source, _ = cnn()
    given = msgspec.structs.replace(source, inputs=(TensorSpec("image", "float32", (BATCH, *SIZES)),))
    return written("cnn", convert(given))


@cache
def quantized(kind: str) -> ModelSource:
    """Return the same as TensorFlow's own converter quantizes it: `full`, with bytes for inputs and outputs, or `weights`."""
    import keras
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(keras.saving.load_model(cnn()[0].path))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "full":
        converter.representative_dataset = lambda: ([row[None]] for row in rows())
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return written(kind, converter.convert())


@cache
def reshaping() -> ModelSource:
    """Return a model for one sample alone."""
    import tensorflow as tf

    function = tf.function(
        lambda x: tf.reshape(x, [4, 2]) * 2.0, input_signature=[tf.TensorSpec([1, 8])]
    ).get_concrete_function()
    return written("reshaping", tf.lite.TFLiteConverter.from_concrete_functions([function]).convert())


def written(name: str, content: bytes) -> ModelSource:
    """Return the path of a file with this content."""
    path = folder() / f"{name}.tflite"
    path.write_bytes(content)
    return ModelSource(format="tflite", location=str(path), name=name)


def backend(precision: str | None = None, **options: bool) -> LiteRtBackend:
    """Return the backend with one thread."""
    return LiteRtBackend(Settings(options=LiteRtOptions(**options), threads=1, precision=precision))


def computed(source: ModelSource, batch: Sequence[Array], precision: str | None = None) -> tuple[Array, Any]:
    """Return the first output, and what the session says that it runs with."""
    made = backend(precision)
    with made.to_device(made.load(source), Device("cpu")) as session:
        slot = session.stage(batch)
        session.run(slot)
        return session.fetch(slot)[0], session.effective


class TestLiteRt(BackendConformance):
    """With XNNPACK."""

    backend = LiteRtBackend
    oom_errors = (RuntimeError("Failed to allocate memory for tensor 12 (4915200000 bytes)"),)

    def models(self) -> Sequence[tuple[ModelSource, Sequence[Array], Sequence[Array]]]:
        """Return a net of convolutions, which TensorFlow converted."""
        return [(converted(), [rows()], [cnn()[1]])]


class TestOwnKernels(TestLiteRt):
    """With LiteRT's own kernels."""

    options = {"xnnpack": "false"}  # noqa: RUF012 - the kit only reads it
    groups = ("running",)


def test_a_file_is_described_with_a_free_batch_and_the_names_of_its_signature(tmp_path: Path) -> None:
    """One that was quantized as the float32 that its bytes stand for."""
    described = backend().describe(quantized("full"), tmp_path)
    (given,), (returned,) = described.inputs, described.outputs
    assert (given.dtype, given.shape) == ("float32", (BATCH, *SIZES))
    assert (returned.dtype, returned.shape) == ("float32", (BATCH, 10))
    assert described.parameters == 3 * 3 * (3 + 16) * 16 + 2 * 16 + 16 * 10 + 10


def test_a_file_that_cannot_be_resized_has_the_batch_that_it_was_written_for(tmp_path: Path) -> None:
    """A reshape to a fixed size stands in the way."""
    described = backend().describe(reshaping(), tmp_path)
    assert [spec.shape for spec in described.inputs] == [(1, 8)]


@pytest.mark.parametrize(("kind", "told"), [("full", "full"), ("weights", "weights")])
def test_a_quantized_file_says_that_it_computes_in_int8(kind: str, told: str) -> None:
    """Its outputs are those of Keras, to a hundredth or two."""
    output, effective = computed(quantized(kind), [rows()])
    assert (effective["precision"], effective["quantized"]) == ("int8", told)
    expected = cnn()[1]
    assert 0 < np.abs(output - expected).max() < 0.05 * np.abs(expected).max()


def test_int8_is_made_of_a_file_in_float32_with_rows_for_calibration(tmp_path: Path) -> None:
    """Weights and activations; what it takes and gives stays float32."""
    made = backend("int8")
    plan = made.plan_variant(converted(), Device("cpu"))
    assert plan is not None
    assert plan.rows > 0
    variant = made.write_variant(converted(), Device("cpu"), [[rows()]], tmp_path)
    output, effective = computed(variant, [rows()], "int8")
    assert (effective["precision"], effective["quantized"]) == ("int8", "full")
    expected = cnn()[1]
    assert 0 < np.abs(output - expected).max() < 0.05 * np.abs(expected).max()
    assert variant.path.stat().st_size < converted().path.stat().st_size


def test_a_quantized_file_is_not_brought_back_to_float32() -> None:
    """Nor does it run as if it were."""
    assert backend("int8").plan_variant(quantized("full"), Device("cpu")) is None
    with pytest.raises(UnsupportedModel, match="computes in int8, and cannot be brought back to float32"):
        backend("float32").plan_variant(quantized("full"), Device("cpu"))
    with pytest.raises(UnsupportedModel, match="computes in int8 where float32 is asked for"):
        computed(quantized("full"), [rows()], "float32")


def test_the_delegate_is_told_as_it_runs() -> None:
    """Without XNNPACK there is none."""
    told = []
    for xnnpack in (True, False):
        made = backend(xnnpack=xnnpack)
        with made.to_device(made.load(converted()), Device("cpu")) as session:
            told.append(session.effective["delegate"].partition(" ")[0])
    assert told == ["XNNPACK", "none"]


def test_an_operator_that_litert_lacks_is_named() -> None:
    """It comes from a converter that left it to TensorFlow."""
    import tensorflow as tf

    function = tf.function(tf.linalg.inv, input_signature=[tf.TensorSpec([1, 4, 4])])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    with pytest.raises(UnsupportedModel, match="MatrixInverse"):
        computed(written("flex", converter.convert()), [np.eye(4, dtype=np.float32)[None]])


def test_a_model_that_cannot_be_converted_is_refused_with_the_reason() -> None:
    """So is one that cannot be read."""
    from infer_compare_litert.converting import convert

    (folder() / "broken.keras").write_bytes(b"no")
    with pytest.raises(ModelError, match="broken"):
        convert(ModelSource(format="keras", location=str(folder() / "broken.keras"), name="broken"))


@pytest.mark.parametrize("make", [converted, lambda: quantized("full")], ids=["float32", "int8"])
def test_the_snippet_gives_the_same_outputs(make: Callable[[], ModelSource]) -> None:
    """Without infer-compare."""
    model = make()
    code = LiteRtBackend.snippet(model, Settings(options=LiteRtOptions(), threads=1), Device("cpu"))
    assert code is not None
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - that is what is tested
    np.testing.assert_array_equal(names["predict"](rows())[0], computed(model, [rows()])[0])
