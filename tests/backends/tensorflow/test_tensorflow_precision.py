"""The precision that a contender is asked for: what it computes in, and what it takes and gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare.backends import Device, DeviceUnavailable, ModelSource, Settings, UnsupportedModel
from infer_compare.models.agreement import compare, tolerance
from infer_compare_tensorflow import TensorFlowBackend, TensorFlowOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from infer_compare_tensorflow.session import TensorFlowSession

    Write = Callable[..., ModelSource]

# Keras warns when it saves.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

LOWER = ("bfloat16", "float16")
PERCEPTRON = """(float[batch,4] x) => (float[batch,3] y) {
    w = Constant<value = float[4,3] {1.,2.,3.,-1.,0.3,0.7,0.1,0.2,1.5,-2.,1.,0.6}>()
    b = Constant<value = float[3] {0.1,0.2,0.3}>()
    h = MatMul(x, w) s = Add(h, b) y = Tanh(s) }"""
MASKED = """(float[batch,4] x, int64[batch,4] mask) => (float[batch,4] y) {
    whole = Cast<to = 1>(mask) one = Constant<value = float {1.}>() away = Sub(one, whole)
    low = Constant<value = float {-3.4028235e38}>() bias = Mul(away, low)
    scores = Add(x, bias) y = Softmax(scores) }"""


@pytest.fixture(autouse=True)
def started(backend: TensorFlowBackend) -> None:
    """Before Keras starts TensorFlow with threads of its own choice."""
    backend.version()


def rows(*shape: int) -> NDArray[np.float32]:
    """Random inputs."""
    return np.random.default_rng(1).standard_normal(shape, np.float32)


def session_of(source: ModelSource, precision: str | None, **options: Any) -> TensorFlowSession:
    """A model in a precision, with one thread."""
    backend = TensorFlowBackend(Settings(options=TensorFlowOptions(**options), threads=1, precision=precision))
    return backend.to_device(backend.load(source), Device("cpu"))


def results(session: TensorFlowSession, *batch: NDArray[Any]) -> list[NDArray[Any]]:
    """What comes out."""
    slot = session.stage(batch)
    session.run(slot)
    return list(session.fetch(slot))


def images(folder: Path, kind: str) -> ModelSource:
    """A small model of images, with the batch normalisation whose statistics have to stay in float32."""
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(6, 3), keras.layers.BatchNormalization(), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((6, 6, 3)), *layers, keras.layers.Dense(5, activation="softmax")])
    path = folder / ("net.keras" if kind == "keras" else "net")
    model.save(path) if kind == "keras" else model.export(path, verbose=False)
    return ModelSource(format=kind, location=str(path), name="net", trusted=True)


@pytest.mark.parametrize("precision", LOWER)
@pytest.mark.parametrize("kind", ["onnx", "keras", "savedmodel"])
def test_a_model_computes_in_what_was_asked_for_and_gives_what_it_declares(
    write_model: Write, tmp_path: Path, kind: str, precision: str
) -> None:
    """The outputs are those of the model within the tolerance of that precision, and not the same."""
    source = write_model(PERCEPTRON) if kind == "onnx" else images(tmp_path, kind)
    batch = rows(5, 4) if kind == "onnx" else rows(5, 6, 6, 3)
    with session_of(source, None) as session:
        assert session.effective["precision"] == "float32"
        wanted = results(session, batch)
    with session_of(source, precision) as session:
        assert session.effective["precision"] == precision
        assert session.inputs[0].dtype == session.outputs[0].dtype == "float32"
        given = results(session, batch)
        assert [tensor.dtype.name for tensor in session.stage([batch]).arguments] == [precision]
    assert given[0].dtype == np.float32
    assert not compare(wanted, given, ["y"], rtol=tolerance(precision), precision=precision).reason
    assert not np.array_equal(given[0], wanted[0])


def test_a_precision_goes_with_a_direct_call_and_with_xla(write_model: Write) -> None:
    """The same graph is called in another way."""
    source = write_model(PERCEPTRON)
    (wanted,) = results(session_of(source, "bfloat16"), rows(5, 4))
    for options in ({"call": "direct"}, {"jit_compile": True}):
        with session_of(source, "bfloat16", **options) as session:
            assert session.effective["precision"] == "bfloat16"
            np.testing.assert_allclose(results(session, rows(5, 4))[0], wanted, atol=tolerance("bfloat16"))


@pytest.mark.parametrize("precision", LOWER)
def test_numbers_beyond_the_range_become_the_largest_and_not_infinite(write_model: Write, precision: str) -> None:
    """A row that masks everything is spread evenly, as in the model itself."""
    mask = np.array([[1, 1, 0, 0]] * 4 + [[0, 0, 0, 0]])
    (wanted,) = results(session_of(write_model(MASKED), None), rows(5, 4), mask)
    (y,) = results(session_of(write_model(MASKED), precision), rows(5, 4), mask)
    np.testing.assert_allclose(y, wanted, atol=tolerance(precision))


def test_a_model_with_a_loop_that_cannot_be_rewritten_is_refused_by_the_precision(tmp_path: Path) -> None:
    """In one sentence."""
    import keras

    keras.Sequential([keras.Input((4, 3)), keras.layers.LSTM(2)]).save(tmp_path / "net.keras")
    source = ModelSource(format="keras", location=str(tmp_path / "net.keras"), name="net", trusted=True)
    with pytest.raises(UnsupportedModel, match=r"cannot run this model in bfloat16 .*; choose another precision\.$"):
        session_of(source, "bfloat16")


def test_tf32_is_refused_by_name_on_the_cpu(double: ModelSource) -> None:
    """The contender would run as without it."""
    with pytest.raises(DeviceUnavailable, match=r"tf32=true works on CUDA devices only, .* runs on cpu"):
        session_of(double, None, tf32=True)
