"""Files that could do more than compute are not loaded without trust, and wrong files are told in a sentence."""

from __future__ import annotations

import importlib
import json
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare.backends import ModelError, ModelSource, UnsupportedModel, UntrustedModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare_tensorflow import TensorFlowBackend
    from infer_compare_tensorflow.session import TensorFlowSession

    Open = Callable[..., TensorFlowSession]

# Keras and h5py give them when a model is saved.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def source(path: Path, *, trusted: bool = False) -> ModelSource:
    """A file or folder as the core hands it over."""
    kind = "keras" if path.suffix == ".keras" else "savedmodel"
    return ModelSource(format=kind, location=str(path), name="net", trusted=trusted)


@pytest.fixture
def tf(backend: TensorFlowBackend) -> Any:
    """TensorFlow, with the thread budget of these tests."""
    backend.version()
    return importlib.import_module("tensorflow")


@pytest.fixture
def keras(tf: Any) -> Any:
    """Keras on TensorFlow."""
    from infer_compare_tensorflow.keras_model import keras

    return keras()


@pytest.fixture
def keras_file(keras: Any, tmp_path: Path) -> Path:
    """A small model without anything of its own."""
    path = tmp_path / "net.keras"
    keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3)]).save(path)
    return path


@pytest.fixture
def save_graph(tf: Any, tmp_path: Path) -> Callable[..., Path]:
    """Saves a function of one tensor, with a variable, as a SavedModel."""

    def save(function: Callable[[Any], Any], folder: str = "net") -> Path:
        module = tf.Module()
        module.weight = tf.Variable(2.0)

        @tf.function(input_signature=[tf.TensorSpec([None, 4], name="x")], autograph=False)
        def serve(x: Any) -> dict[str, Any]:
            return {"y": function(x) * module.weight}

        tf.saved_model.save(module, str(tmp_path / folder), signatures=serve)
        return tmp_path / folder

    return save


def rewritten(path: Path, change: Callable[[dict[str, Any]], None], name: str = "config.json") -> Path:
    """The file with another configuration."""
    fresh = path.with_name("changed.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(fresh, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            if member == name:
                document = json.loads(content)
                change(document)
                content = json.dumps(document).encode()
            new.writestr(member, content)
    return fresh


@pytest.mark.parametrize("how", ["load", "describe"])
def test_a_lambda_layer_does_not_run(backend: TensorFlowBackend, keras: Any, tmp_path: Path, how: str) -> None:
    """Its bytecode is in the file, and runs when the layer is built."""
    marker = tmp_path / "marker"
    path = tmp_path / "payload.keras"
    x = keras.Input((4,), name="x")
    where = str(marker)
    payload = keras.layers.Lambda(lambda t: (__import__("pathlib").Path(where).touch(), t)[1])
    keras.Model(x, payload(x)).save(path)
    marker.unlink()
    with pytest.raises(
        UntrustedModel, match=r"payload\.keras may execute code when loaded: it contains Lambda.*--trust"
    ):
        backend.load(source(path)) if how == "load" else backend.describe(source(path), tmp_path)
    assert not marker.exists()
    backend.load(source(path, trusted=True))
    assert marker.exists()


def test_what_keras_itself_refuses_needs_trust(
    backend: TensorFlowBackend, keras_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its safe mode knows more than our list of layers, and is never off."""
    from infer_compare_tensorflow import keras_model, scan

    monkeypatch.setattr(scan, "UNSAFE_LAYERS", frozenset())
    asked: list[bool] = []
    real = keras_model.keras().saving.load_model

    def load(*args: Any, **kwargs: Any) -> Any:
        asked.append(kwargs["safe_mode"])
        return real(*args, **kwargs)

    monkeypatch.setattr(keras_model.keras().saving, "load_model", load)

    def add(config: dict[str, Any]) -> None:
        code = {"class_name": "__lambda__", "config": {"code": "", "defaults": None, "closure": None}}
        config["config"]["layers"].append({
            "module": "keras.layers", "class_name": "Lambda", "registered_name": None,
            "config": {"name": "payload", "function": code},
        })  # fmt: skip

    with pytest.raises(UntrustedModel, match=r"Keras refuses it: .*--trust"):
        backend.load(source(rewritten(keras_file, add)))
    assert asked == [True]


def test_a_class_that_is_not_in_the_file_is_named(backend: TensorFlowBackend, keras_file: Path) -> None:
    """No module outside Keras is imported because a file says so; trust changes nothing."""

    def add(config: dict[str, Any]) -> None:
        config["config"]["layers"][1] |= {"module": "my_package.layers", "registered_name": "Mine>Dense"}

    path = rewritten(keras_file, add)
    for trusted in (False, True):
        with pytest.raises(UnsupportedModel, match=r"needs my_package\.layers\.Dense, whose code is not in the file"):
            backend.load(source(path, trusted=trusted))


def test_a_file_of_another_keras_says_so(backend: TensorFlowBackend, keras_file: Path) -> None:
    """The versions are in the sentence."""

    def age(metadata: dict[str, Any]) -> None:
        metadata["keras_version"] = "9.9.0"

    def invent(config: dict[str, Any]) -> None:
        config["config"]["layers"][1]["class_name"] = "LayerOfTheFuture"

    path = rewritten(keras_file, age, "metadata.json").rename(keras_file)
    with pytest.raises(ModelError, match=r"it was saved by Keras 9\.9\.0, and this is 3\.") as told:
        backend.load(source(rewritten(path, invent)))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("cut", [0, 1, 100, 3000])
def test_a_cut_keras_file_is_told(backend: TensorFlowBackend, keras_file: Path, cut: int) -> None:
    """Also an empty one."""
    keras_file.write_bytes(keras_file.read_bytes()[:cut])
    with pytest.raises(ModelError, match=r"net\.keras is not a \.keras file, or it is cut short"):
        backend.load(source(keras_file))


@pytest.mark.parametrize(
    ("member", "content", "message"),
    [
        ("config.json", b"{", "its configuration is not JSON"),
        ("config.json", b"[" * 100_000, "its configuration is not JSON"),
        ("config.json", b"[]", "cannot be loaded by Keras"),
        ("config.json", None, r"it has no config\.json in it"),
        ("model.weights.h5", b"no weights", "cannot be loaded by Keras"),
        ("model.weights.h5", None, "cannot be loaded by Keras"),
    ],
)
def test_a_broken_member_of_a_keras_file_is_told(
    backend: TensorFlowBackend, keras_file: Path, member: str, content: bytes | None, message: str
) -> None:
    """One sentence, whatever fails inside of Keras."""
    path = keras_file.with_name("broken.keras")
    with zipfile.ZipFile(keras_file) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if name != member:
                new.writestr(name, old.read(name))
            elif content is not None:
                new.writestr(name, content)
    with pytest.raises(ModelError, match=message) as told:
        backend.load(source(path))
    assert "\n" not in str(told.value)


def test_a_configuration_that_swells_is_not_read(
    backend: TensorFlowBackend, keras_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small zip can hold gigabytes of the same letter."""
    from infer_compare_tensorflow import keras_model

    monkeypatch.setattr(keras_model, "MAX_TEXT", 2**20)
    path = keras_file.with_name("bomb.keras")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("metadata.json", "{}")
        new.writestr("config.json", " " * (2**20 + 1))
    with pytest.raises(ModelError, match=r"its config\.json has 1048577 bytes"):
        backend.load(source(path))


def test_an_ordinary_saved_model_needs_no_trust(
    backend: TensorFlowBackend, save_graph: Callable[..., Path], open_session: Open
) -> None:
    """Every one has operators that save and restore, in its saver."""
    path = save_graph(lambda x: x + 1)
    with open_session(source(path)) as session:
        slot = session.stage([np.ones((2, 4), np.float32)])
        session.run(slot)
        assert np.array_equal(session.fetch(slot)[0], np.full((2, 4), 4, np.float32))


def test_an_operator_that_writes_a_file_needs_trust(
    tf: Any, backend: TensorFlowBackend, save_graph: Callable[..., Path], open_session: Open, tmp_path: Path
) -> None:
    """It is named, and does not run, whether the model is loaded, described or exported."""
    from infer_compare_tensorflow.export import to_onnx

    marker = tmp_path / "marker"

    def write(x: Any) -> Any:
        with tf.control_dependencies([tf.io.write_file(str(marker), "here")]):
            return tf.identity(x)

    path = save_graph(write)
    with pytest.raises(UntrustedModel, match=r"may read or write files .*\(operators WriteFile\); pass --trust"):
        backend.load(source(path))
    with pytest.raises(UntrustedModel, match="WriteFile"):
        backend.describe(source(path), tmp_path)
    with pytest.raises(UntrustedModel, match="WriteFile"):
        to_onnx(source(path), tmp_path / "net.onnx", 18)
    assert not marker.exists()
    with open_session(source(path, trusted=True)) as session:
        session.run(session.stage([np.ones((2, 4), np.float32)]))
    assert marker.read_text() == "here"


def _hidden(tf: Any, x: Any, path: str) -> Any:
    return tf.cond(
        tf.reduce_sum(x) > 0,
        lambda: x + tf.cast(tf.strings.length(tf.io.read_file(path)), tf.float32),
        lambda: x,
    )


@pytest.mark.parametrize("kind", ["branch", "print", "save", "restore", "table", "dataset", "glob"])
def test_files_are_found_wherever_the_operators_hide(
    tf: Any, backend: TensorFlowBackend, save_graph: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    """In branches, in attributes, among the saver's own operators, and in data sets."""
    place = str(tmp_path / "place")

    def after(operation: Any, x: Any) -> Any:
        with tf.control_dependencies([operation]):
            return tf.identity(x)

    functions = {
        "branch": (lambda x: _hidden(tf, x, place), "ReadFile"),
        "print": (lambda x: after(tf.print(x, output_stream=f"file://{place}"), x), "PrintV2"),
        "save": (
            lambda x: after(tf.raw_ops.SaveV2(prefix=place, tensor_names=["x"], shape_and_slices=[""], tensors=[x]), x),
            "SaveV2",
        ),
        "restore": (
            lambda x: x + tf.raw_ops.RestoreV2(
                prefix=place, tensor_names=["x"], shape_and_slices=[""], dtypes=[tf.float32]
            )[0],
            "RestoreV2",
        ),
        "table": (lambda x: x + tf.cast(tf.size(tf.raw_ops.MatchingFiles(pattern=place)), tf.float32), "MatchingFiles"),
        "dataset": (
            lambda x: x + tf.data.TextLineDataset(place).map(tf.strings.length).reduce(
                0.0, lambda total, one: total + tf.cast(one, tf.float32)
            ),
            "TextLineDataset",
        ),
        "glob": (lambda x: x + tf.cast(tf.size(tf.io.matching_files(place)), tf.float32), "MatchingFiles"),
    }  # fmt: skip
    function, operator = functions[kind]
    path = save_graph(function)
    with pytest.raises(UntrustedModel, match=rf"\b{operator}\b"):
        backend.load(source(path))


def test_printing_to_the_terminal_needs_no_trust(
    tf: Any, backend: TensorFlowBackend, save_graph: Callable[..., Path]
) -> None:
    """It is noise, not a danger."""

    def show(x: Any) -> Any:
        with tf.control_dependencies([tf.print("one")]):
            return tf.identity(x)

    loaded = backend.load(source(save_graph(show)))
    assert [one.name for one in loaded.inputs] == ["x"]


def test_a_python_function_needs_trust_and_is_not_in_the_folder(
    tf: Any, backend: TensorFlowBackend, save_graph: Callable[..., Path], tmp_path: Path
) -> None:
    """In the process that saved it, it could run; in no other one."""
    marker = tmp_path / "marker"

    def python(x: Any) -> Any:
        def touch(value: Any) -> Any:
            marker.touch()
            return value

        return tf.ensure_shape(tf.numpy_function(touch, [x], tf.float32), [None, 4])

    path = save_graph(python)
    with pytest.raises(UntrustedModel, match="PyFunc"):
        backend.load(source(path))
    with pytest.raises(UnsupportedModel, match=r"calls Python functions \(PyFunc\).*not in the folder"):
        backend.load(source(path, trusted=True))
    assert not marker.exists()


def test_a_missing_folder_and_a_wrong_one_are_told(backend: TensorFlowBackend, tmp_path: Path) -> None:
    """With the path."""
    with pytest.raises(ModelError, match=r"There is no SavedModel folder .*nowhere"):
        backend.load(source(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"empty is not a SavedModel: it has no saved_model\.pb"):
        backend.load(source(tmp_path / "empty"))
    with pytest.raises(ModelError, match=r"There is no model file .*nowhere\.keras"):
        backend.load(source(tmp_path / "nowhere.keras"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: shutil.rmtree(path / "variables"), "cannot be loaded as a SavedModel"),
        (
            lambda path: (path / "variables" / "variables.index").write_bytes(b"x" * 50),
            "cannot be loaded as a SavedModel",
        ),
        (
            lambda path: (path / "variables" / "variables.data-00000-of-00001").write_bytes(b""),
            "cannot be loaded as a SavedModel",
        ),
        (lambda path: (path / "saved_model.pb").write_bytes(b""), r"its saved_model\.pb is empty"),
        (lambda path: (path / "saved_model.pb").write_bytes(b"no model" * 9), r"saved_model\.pb is cut short"),
        (
            lambda path: (path / "saved_model.pb").write_bytes((path / "saved_model.pb").read_bytes()[:1000]),
            r"saved_model\.pb is cut short",
        ),
    ],
)
def test_a_spoilt_saved_model_is_told(
    backend: TensorFlowBackend, save_graph: Callable[..., Path], spoil: Callable[[Path], object], message: str
) -> None:
    """One sentence, whatever fails inside of TensorFlow."""
    path = save_graph(lambda x: x + 1)
    spoil(path)
    with pytest.raises(ModelError, match=message) as told:
        backend.load(source(path))
    assert "\n" not in str(told.value)


def test_a_saved_model_without_a_signature_is_told(tf: Any, backend: TensorFlowBackend, tmp_path: Path) -> None:
    """And with several, which one is meant must be clear."""
    module = tf.Module()
    module.weight = tf.Variable(1.0)
    tf.saved_model.save(module, str(tmp_path / "none"))
    with pytest.raises(ModelError, match="has no signature to call; save it with"):
        backend.load(source(tmp_path / "none"))
    one = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec([None], name="x")])
    tf.saved_model.save(module, str(tmp_path / "two"), signatures={"a": one, "b": one})
    with pytest.raises(ModelError, match=r"has several signatures \(a, b\)"):
        backend.load(source(tmp_path / "two"))


def test_an_input_of_unknown_rank_is_told(tf: Any, backend: TensorFlowBackend, tmp_path: Path) -> None:
    """There is no telling which axes there are."""
    function = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec(None, name="x")])
    tf.saved_model.save(tf.Module(), str(tmp_path / "net"), signatures=function)
    with pytest.raises(ModelError, match="does not say how many axes 'x' has"):
        backend.load(source(tmp_path / "net"))
