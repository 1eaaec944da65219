"""Keras models and SavedModels written as ONNX agree with themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest

from infer_compare.backends import ModelSource, TensorSpec, UnsupportedModel
from infer_compare_tensorflow import infer_compare_converters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from infer_compare_tensorflow import TensorFlowBackend
    from infer_compare_tensorflow.session import TensorFlowSession

    Open = Callable[..., TensorFlowSession]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def keras(backend: TensorFlowBackend) -> Any:
    """Keras on TensorFlow, seeded; skips where tf2onnx is missing."""
    pytest.importorskip("tf2onnx")
    backend.version()
    from infer_compare_tensorflow.keras_model import keras

    module = keras()
    module.utils.set_random_seed(0)
    return module


def dense(keras: Any) -> Any:
    """GELU comes down to Erfc."""
    layers = keras.layers
    return keras.Sequential([keras.Input((12,), name="x"), layers.Dense(24, activation="gelu"), layers.Dense(5)])


def convolutional(keras: Any) -> Any:
    """Images with the channels last; statistics that are not those of a fresh layer."""
    layers = keras.layers
    x = keras.Input((16, 16, 3), name="image")
    y = layers.ReLU()(layers.BatchNormalization(name="norm")(layers.Conv2D(8, 3, padding="same", strides=2)(x)))
    y = layers.AveragePooling2D(2)(layers.MaxPooling2D(2, padding="same")(layers.DepthwiseConv2D(3, padding="same")(y)))
    model = keras.Model(x, layers.Dense(4, name="scores")(layers.Flatten()(y)))
    rng = np.random.default_rng(0)
    norm = model.get_layer("norm")
    norm.set_weights([rng.uniform(0.5, 2, one.shape) for one in norm.get_weights()])
    return model


def recurrent(keras: Any) -> Any:
    """Its loop becomes ONNX's LSTM."""
    layers = keras.layers
    return keras.Sequential([keras.Input((7, 6), name="steps"), layers.LSTM(9), layers.Dense(3)])


def attention(keras: Any) -> Any:
    """Whole numbers go in, and the length is free."""
    layers = keras.layers
    ids = keras.Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(50, 16)(ids)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 8)(x, x))
    x = layers.LayerNormalization()(x + layers.Dense(16)(layers.Dense(32, activation="gelu")(x)))
    return keras.Model(ids, {"pooled": layers.GlobalAveragePooling1D()(x), "all": x})


MODELS = (dense, convolutional, recurrent, attention)


def written(keras: Any, make: Callable[[Any], Any], kind: str, folder: Path) -> ModelSource:
    """The model in a file or folder."""
    model = make(keras)
    if kind == "keras":
        path = folder / "net.keras"
        model.save(path)
    else:
        path = folder / "net"
        model.export(path, format="tf_saved_model", verbose=False)
    return ModelSource(format=kind, location=str(path), name="net")


def batch_for(specs: Sequence[TensorSpec], batch: int) -> list[np.ndarray]:
    """Inputs for all rows of a batch; other free axes are 6."""
    rng = np.random.default_rng(batch)
    shapes = [
        [batch if size == "batch" else size if isinstance(size, int) else 6 for size in one.shape] for one in specs
    ]
    return [
        rng.integers(0, 50, shape).astype(spec.dtype)
        if spec.dtype.startswith("int")
        else rng.standard_normal(shape).astype(spec.dtype)
        for spec, shape in zip(specs, shapes, strict=True)
    ]


def convert(source: ModelSource, target: Path) -> None:
    """By the registered converter."""
    (converter,) = [one for one in infer_compare_converters() if one.source == source.format]
    converter.convert(source, target)


def test_both_formats_have_a_way_to_onnx() -> None:
    """What is needed is named, and nothing is imported to tell it."""
    found = {one.source: one for one in infer_compare_converters() if one.target == "onnx"}
    assert set(found) == {"keras", "savedmodel"}
    for one in found.values():
        assert (one.target, one.backend, one.requires) == ("onnx", "tensorflow", ("tensorflow", "tf2onnx"))
        assert one.options == {"opset": "18"}
        assert "keras-to-onnx" in one.install_hint


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        *((make, "keras") for make in MODELS),
        (dense, "savedmodel"),
        pytest.param(attention, "savedmodel", marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_export_agrees_with_the_native_model(
    keras: Any,
    make: Callable[[Any], Any],
    kind: str,
    backend: TensorFlowBackend,
    open_session: Open,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """At several batch sizes, by name and order of the description, and nothing is said on the side."""
    ort = pytest.importorskip("onnxruntime")
    source = written(keras, make, kind, tmp_path)
    told = backend.describe(source, tmp_path)
    target = tmp_path / "net.onnx"
    capfd.readouterr()
    convert(told.source, target)
    said = capfd.readouterr()
    assert "tf2onnx" not in said.out + said.err
    onnx.checker.check_model(target, full_check=True)
    exported = ort.InferenceSession(target, providers=["CPUExecutionProvider"])
    assert [one.name for one in exported.get_inputs()] == [one.name for one in told.inputs]
    assert [one.name for one in exported.get_outputs()] == [one.name for one in told.outputs]
    assert [tuple(one.shape) for one in exported.get_inputs()] == [one.shape for one in told.inputs]
    imported = backend.load(ModelSource(format="onnx", location=str(target), name="net"))
    assert tuple(imported.inputs) == told.inputs
    with open_session(told.source) as session:
        for batch in (1, 3, 16):
            arrays = batch_for(told.inputs, batch)
            slot = session.stage(arrays)
            session.run(slot)
            feeds = dict(zip([one.name for one in told.inputs], arrays, strict=True))
            for native, other in zip(session.fetch(slot), exported.run(None, feeds), strict=True):
                assert native.shape == other.shape
                assert np.abs(native - other).max() < 1e-4 * np.abs(native).max()
                assert batch == 1 or np.ptp(native, axis=0).max() > 1e-3 * np.abs(native).max()


def test_an_onnx_model_is_rebuilt_as_a_savedmodel(
    backend: TensorFlowBackend, write_model: Callable[..., ModelSource], open_session: Open, tmp_path: Path
) -> None:
    """With its inputs by name, several outputs in order, and a free batch; the way counts as an import."""
    source = write_model(
        "(float[N, 3] b, float[N, 3] a) => (float[N, 3] z, float[N] y) { z = Sub(b, a)  axes = Constant<value_ints = [1]>() "
        "y = ReduceSum<keepdims = 0>(z, axes) }"
    )
    backend.version()
    (converter,) = [one for one in infer_compare_converters() if one.source == "onnx"]
    assert (converter.target, converter.imports, converter.requires) == ("savedmodel", True, ("tensorflow",))
    converter.convert(source, tmp_path / "net.savedmodel")
    saved = ModelSource(format="savedmodel", location=str(tmp_path / "net.savedmodel"), name="net")
    assert [one.name for one in backend.describe(saved, tmp_path).inputs] == ["a", "b"]
    rows = np.random.default_rng(0).standard_normal((2, 5, 3), np.float32)
    found = []
    for model, arrays in ((source, rows), (saved, rows[::-1])):
        with open_session(model) as session:
            slot = session.stage(list(arrays))
            session.run(slot)
            found.append(session.fetch(slot))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_rebuilt_savedmodel_pads_before_it_pools(
    backend: TensorFlowBackend, write_model: Callable[..., ModelSource], open_session: Open, tmp_path: Path
) -> None:
    """Runtimes that convert it know no pool with pads of its own."""
    source = write_model(
        "(float[N, 2, 7, 7] x) => (float[N, 2, 4, 4] y) "
        "{ y = MaxPool<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>(x) }"
    )
    backend.version()
    (converter,) = [one for one in infer_compare_converters() if one.source == "onnx"]
    converter.convert(source, tmp_path / "net.savedmodel")
    import tensorflow as tf

    (graph,) = tf.__internal__.saved_model.parse_saved_model(str(tmp_path / "net.savedmodel")).meta_graphs
    nodes = [node for function in graph.graph_def.library.function for node in function.node_def]
    assert {node.attr["padding"].s for node in nodes if node.op == "MaxPool"} == {b"VALID"}
    rows = -np.random.default_rng(0).random((3, 2, 7, 7), np.float32)
    found = []
    for form, place in (("onnx", source.location), ("savedmodel", str(tmp_path / "net.savedmodel"))):
        with open_session(ModelSource(format=form, location=place, name="net")) as session:
            slot = session.stage([rows])
            session.run(slot)
            found.append(session.fetch(slot)[0])
    np.testing.assert_array_equal(*found)


def test_the_model_that_was_exported_can_be_imported_again(
    keras: Any, backend: TensorFlowBackend, open_session: Open, tmp_path: Path
) -> None:
    """The import of the export computes the same."""
    source = written(keras, convolutional, "keras", tmp_path)
    convert(source, tmp_path / "net.onnx")
    with (
        open_session(source) as native,
        open_session(ModelSource(format="onnx", location=str(tmp_path / "net.onnx"), name="net")) as imported,
    ):
        found = []
        for session in (native, imported):
            slot = session.stage(batch_for(native.inputs, 3))
            session.run(slot)
            found.append(session.fetch(slot)[0])
    assert np.abs(found[0] - found[1]).max() < 1e-4 * np.abs(found[0]).max()


def test_weights_above_the_limit_lie_beside_the_file(
    keras: Any, open_session: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protobuf ends at 2 GiB; here the limit is lowered."""
    ort = pytest.importorskip("onnxruntime")
    from infer_compare_tensorflow import export

    monkeypatch.setattr(export, "LARGE", 1)
    wide = lambda module: module.Sequential([module.Input((64,), name="x"), module.layers.Dense(64)])  # noqa: E731
    source = written(keras, wide, "keras", tmp_path)
    target = tmp_path / "out" / "net.onnx"
    target.parent.mkdir()
    convert(source, target)
    assert {one.name for one in target.parent.iterdir()} == {"net.onnx", "net.onnx.data"}
    assert target.stat().st_size < 64 * 64 * 4 <= (target.parent / "net.onnx.data").stat().st_size
    exported = ort.InferenceSession(target, providers=["CPUExecutionProvider"])
    with open_session(source) as session:
        arrays = batch_for(session.inputs, 3)
        slot = session.stage(arrays)
        session.run(slot)
        assert np.allclose(session.fetch(slot)[0], exported.run(None, {"x": arrays[0]})[0], atol=1e-5)


def test_names_that_the_graph_uses_itself_are_free_for_inputs_and_outputs(
    keras: Any, backend: TensorFlowBackend, tmp_path: Path
) -> None:
    """An output that has the name of an input is told apart."""
    ort = pytest.importorskip("onnxruntime")
    import tensorflow as tf

    function = tf.function(lambda x: {"x": x + 1, "const": x * 2}, input_signature=[tf.TensorSpec([None, 3], name="x")])
    tf.saved_model.save(tf.Module(), str(tmp_path / "net"), signatures=function)
    convert(ModelSource(format="savedmodel", location=str(tmp_path / "net"), name="net"), tmp_path / "net.onnx")
    exported = ort.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    x = np.ones((2, 3), np.float32)
    doubled, more = exported.run(None, {"x": x})
    assert [one.name for one in exported.get_outputs()] == ["const", "x_output"]
    assert (doubled[0, 0], more[0, 0]) == (2, 2)


def test_an_operator_that_cannot_be_converted_is_named(keras: Any, tmp_path: Path) -> None:
    """tf2onnx would write a file that nothing can read."""
    import tensorflow as tf

    function = tf.function(lambda x: {"y": tf.math.lgamma(x)}, input_signature=[tf.TensorSpec([None, 3], name="x")])
    tf.saved_model.save(tf.Module(), str(tmp_path / "net"), signatures=function)
    source = ModelSource(format="savedmodel", location=str(tmp_path / "net"), name="net")
    with pytest.raises(UnsupportedModel, match=r"cannot convert the TensorFlow operator Lgamma of .*net to ONNX"):
        convert(source, tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()
