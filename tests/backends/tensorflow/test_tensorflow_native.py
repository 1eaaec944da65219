"""Keras models, SavedModels and callables: what is told of them, and how they run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from infer_compare import InferCompareError
from infer_compare.backends import (
    Device,
    ModelDescription,
    ModelError,
    ModelSource,
    OperatingPoint,
    Settings,
    TensorSpec,
    UnsupportedModel,
)
from infer_compare.errors import InputError
from infer_compare_tensorflow import TensorFlowBackend, TensorFlowOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare_tensorflow.session import TensorFlowSession

    Open = Callable[..., TensorFlowSession]
    Describe = Callable[[str], ModelDescription]

MODELS = """
import keras
import numpy as np
import tensorflow as tf
from infer_compare import ModelSpec

def mlp():
    return keras.Sequential([
        keras.Input((8,), name="x"), keras.layers.Dense(16, activation="gelu"), keras.layers.Dropout(0.5),
        keras.layers.Dense(3, name="scores"),
    ])

def pair():
    a, b = keras.Input((None, 4), name="u"), keras.Input((2,), dtype="int32", name="i")
    pooled = keras.layers.GlobalAveragePooling1D()(a)
    one = keras.layers.Dense(5, name="wide")(pooled)
    two = keras.layers.Embedding(7, 3, name="rows")(b)
    return keras.Model({"u": a, "i": b}, {"z": one, "k": two})

class Affine(tf.Module):
    def __init__(self):
        self.weight = tf.Variable(tf.random.normal((4, 3)))
    def __call__(self, x, y):
        return {"b": x @ self.weight, "a": (y + 1, y)}

def module():
    return ModelSpec(Affine(), inputs=["x:f32[batch,4]", "y:i64[batch]=randint(0,7)"])

def function():
    weight = tf.Variable(tf.random.normal((4, 3)))
    @tf.function(input_signature=[tf.TensorSpec([None, 4], name="z"), tf.TensorSpec([None, 3], name="a")])
    def apply(z, a):
        return z @ weight - a
    return apply

def polymorphic():
    return ModelSpec(tf.function(lambda x: tf.nn.relu(x)), inputs=["in/x:f32[batch,4]"])

def bare():
    return tf.function(lambda x: tf.nn.relu(x))

class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)
    def call(self, x, training=None):
        return self.dense(x) + (100.0 if training else 0.0)

def own():
    return ModelSpec(Own(), inputs=["x:f32[batch,4]"])

def own_bare():
    return Own()

class Three(keras.Model):
    def call(self, x, scale=None, shift=None, training=None):
        y = x if scale is None else x * scale
        return y if shift is None else y + shift

def own_by_name():
    return ModelSpec(Three(), inputs=["shift:f32[batch,4]", "x:f32[batch,4]"])

def own_mistyped():
    return ModelSpec(Three(), inputs=["x:f32[batch,4]", "shfit:f32[batch,4]"])

def of_dictionary():
    return ModelSpec(
        tf.function(lambda batch: batch["a"] - batch["b"]), inputs=["b:f32[batch,4]", "a:f32[batch,4]"]
    )

class Traced(tf.Module):
    @tf.function
    def __call__(self, x, y):
        return x - y

def traced_method():
    return ModelSpec(Traced(), inputs=["y:f32[batch,4]", "x:f32[batch,4]"])

def swapped():
    return ModelSpec(function(), inputs=["a:f32[batch,3]", "z:f32[batch,4]"])

def half_known():
    return ModelSpec(function(), inputs=["z:f32[batch,4]", "b:f32[batch,3]"])

def with_lambda():
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.layers.Lambda(lambda t: t * 2)(keras.layers.Dense(3)(x)))

def many():
    return ModelSpec(tf.function(lambda x: [x * i for i in range(11)]), inputs=["x:f32[batch]"])

def python():
    def apply(x):
        return tf.ensure_shape(tf.numpy_function(np.sin, [x], tf.float32), [None, 4])
    return ModelSpec(tf.function(apply), inputs=["x:f32[batch,4]"])

def text():
    return ModelSpec(tf.function(lambda x: tf.strings.as_string(x)), inputs=["x:f32[batch,4]"])

def ragged():
    return ModelSpec(tf.function(lambda x: tf.RaggedTensor.from_tensor(x)), inputs=["x:f32[batch,4]"])

def narrow():
    return ModelSpec(tf.function(lambda x: tf.cast(x, tf.bfloat16)), inputs=["x:f32[batch,4]"])

def half():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, dtype="float64"), keras.layers.Dense(3)])

def three():
    return 3

def still():
    return tf.Module()

def raising():
    def apply(x):
        raise ValueError("no such luck")
    return ModelSpec(tf.function(apply), inputs=["x:f32[batch,4]"])

def other():
    import fractions
    return fractions.Fraction(1, 2)
"""


@pytest.fixture
def callable_source(tmp_path: Path) -> Callable[[str], ModelSource]:
    """Names a function of the file above."""
    path = tmp_path / "my_models.py"
    path.write_text(MODELS)
    return lambda name: ModelSource(format="callable", location=f"{path}:{name}", name=name)


@pytest.fixture
def describe(
    backend: TensorFlowBackend, callable_source: Callable[[str], ModelSource], tmp_path: Path
) -> Callable[[str], ModelDescription]:
    """Describes what a function of the file above makes, each time in a new folder."""
    count = 0

    def describe_(name: str) -> ModelDescription:
        nonlocal count
        count += 1
        folder = tmp_path / f"made{count}"
        folder.mkdir()
        return backend.describe(callable_source(name), folder)

    return describe_


def batch_for(specs: Sequence[TensorSpec], batch: int, seed: int = 0) -> list[np.ndarray]:
    """Random inputs; small whole numbers where they are integers; other free axes are 5."""
    rng = np.random.default_rng(seed)
    shapes = [
        [batch if size == "batch" else size if isinstance(size, int) else 5 for size in one.shape] for one in specs
    ]
    return [
        rng.standard_normal(shape).astype(spec.dtype)
        if spec.dtype.startswith("float")
        else rng.integers(0, 3, shape).astype(spec.dtype)
        for spec, shape in zip(specs, shapes, strict=True)
    ]


def outputs(session: TensorFlowSession, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
    """One run."""
    slot = session.stage(batch)
    session.run(slot)
    session.synchronize()
    return list(session.fetch(slot))


def test_a_keras_model_is_saved_and_told(describe: Describe) -> None:
    """Names and shapes are the model's own; the batch axis has its name."""
    told = describe("mlp")
    assert told.source.format == "keras"
    assert told.source.path.name == "model.keras"
    assert told.inputs == told.source.inputs == (TensorSpec("x", "float32", ("batch", 8)),)
    assert told.outputs == (TensorSpec("scores", "float32", ("batch", 3)),)
    assert told.parameters == 8 * 16 + 16 + 16 * 3 + 3
    assert told.files == (told.source.location,)


def test_structured_inputs_and_outputs_are_flattened_by_their_sorted_keys(
    describe: Describe, open_session: Open
) -> None:
    """This is the order of `tf.nest`; another free axis keeps a name of its own."""
    told = describe("pair")
    assert told.inputs == (
        TensorSpec("i", "int32", ("batch", 2)),
        TensorSpec("u", "float32", ("batch", "axis1", 4)),
    )
    assert [one.name for one in told.outputs] == ["k", "z"]
    with open_session(told.source) as session:
        k, z = outputs(session, batch_for(told.inputs, 3))
    assert (k.shape, z.shape) == ((3, 2, 3), (3, 5))


def test_a_module_with_a_spec_becomes_a_saved_model(describe: Describe, open_session: Open) -> None:
    """Its inputs are what the spec says, in that order; nested outputs are numbered in the order of `tf.nest`."""
    told = describe("module")
    assert told.source.format == "savedmodel"
    assert told.inputs == (TensorSpec("x", "float32", ("batch", 4)), TensorSpec("y", "int64", ("batch",)))
    assert told.fills == {"y": "randint(0,7)"}
    assert told.parameters == 12
    assert {Path(one).name for one in told.files} == {
        "saved_model.pb",
        "variables.index",
        "variables.data-00000-of-00001",
    }
    with open_session(told.source) as session:
        x, y = batch_for(told.inputs, 3)
        first, second, product = outputs(session, [x, y])
    assert np.array_equal(first, y + 1)
    assert np.array_equal(second, y)
    assert product.shape == (3, 3)


def test_a_function_keeps_the_order_of_its_signature(describe: Describe, open_session: Open) -> None:
    """A SavedModel sorts its arguments by name; the session takes them as the function does."""
    told = describe("function")
    assert [one.name for one in told.inputs] == ["z", "a"]
    with open_session(told.source) as session:
        z, a = batch_for(told.inputs, 2)
        (with_a,), (without,) = outputs(session, [z, a]), outputs(session, [z, 0 * a])
    assert np.allclose(with_a, without - a, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("own_by_name", lambda shift, x: x + shift),
        ("of_dictionary", lambda b, a: a - b),
        ("traced_method", lambda y, x: x - y),
    ],
)
def test_inputs_are_passed_by_the_names_of_the_parameters(
    describe: Describe, open_session: Open, name, expected
) -> None:
    """In whatever order they are described; a parameter that is left out is not filled by the next input."""
    told = describe(name)
    batch = batch_for(told.inputs, 3)
    with open_session(told.source) as session:
        assert np.allclose(outputs(session, batch)[0], expected(*batch))


def test_inputs_of_a_signature_are_matched_by_name(describe: Describe, open_session: Open) -> None:
    """In the order in which they were described."""
    kept, swapped = describe("function"), describe("swapped")
    assert [one.name for one in swapped.inputs] == ["a", "z"]
    z, a = batch_for(kept.inputs, 2)
    with open_session(kept.source) as one, open_session(swapped.source) as other:
        assert np.array_equal(outputs(one, [z, a])[0], outputs(other, [a, z])[0])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "own_mistyped",
            r"Three has no parameter 'shfit'; it takes x, scale, shift \(did you mean 'shift'\?\);",
        ),
        ("half_known", r"has no input 'b'; its inputs are z, a"),
    ],
)
def test_a_name_that_the_model_lacks_is_an_error_that_lists_its_own(
    describe: Describe, name: str, message: str
) -> None:
    """Passed by its place it would be taken for another input."""
    with pytest.raises(InputError, match=message):
        describe(name)


def test_names_that_are_no_identifiers_stay_as_they_were_given(describe: Describe, open_session: Open) -> None:
    """TensorFlow would not take `in/x` as an argument."""
    told = describe("polymorphic")
    assert told.inputs == (TensorSpec("in/x", "float32", ("batch", 4)),)
    with open_session(told.source) as session:
        (x,) = batch_for(told.inputs, 2)
        assert np.array_equal(outputs(session, [x])[0], np.maximum(x, 0))


def test_more_than_ten_outputs_keep_their_order(describe: Describe, open_session: Open) -> None:
    """Names of outputs are sorted as texts."""
    told = describe("many")
    with open_session(told.source) as session:
        found = outputs(session, [np.ones(2, np.float32)])
    assert [one[0] for one in found] == list(range(11))


@pytest.mark.parametrize("name", ["own", "with_lambda"])
def test_what_a_keras_file_cannot_hold_becomes_a_saved_model(name: str, describe: Describe, open_session: Open) -> None:
    """Classes of the user's own and lambdas are not in the file, so that no other process could load it."""
    told = describe(name)
    assert told.source.format == "savedmodel"
    assert told.parameters == 15
    with open_session(told.source) as session:
        (y,) = outputs(session, batch_for(told.inputs, 3))
    assert y.shape == (3, 3)
    assert np.abs(y).max() < 50


def test_every_load_has_the_same_weights(describe: Describe, open_session: Open) -> None:
    """They were made once, when the model was described."""
    told = describe("mlp")
    x = batch_for(told.inputs, 3)
    with open_session(told.source) as one, open_session(told.source) as two:
        assert np.array_equal(outputs(one, x)[0], outputs(two, x)[0])


@pytest.mark.slow
def test_the_same_callable_makes_the_same_files_in_every_process(
    callable_source: Callable[[str], ModelSource], in_a_fresh_process: Callable[[str], str], tmp_path: Path
) -> None:
    """The seed, and files without times and addresses in them: so that a run is known again."""
    pytest.importorskip("tensorflow")
    locations = [callable_source(name).location for name in ("mlp", "module", "own")]
    hashes = []
    for attempt in ("first", "second"):
        folder = tmp_path / attempt
        folder.mkdir()
        printed = in_a_fresh_process(
            "import json\nfrom pathlib import Path\nfrom infer_compare.backends import ModelSource, Settings\n"
            "from infer_compare_tensorflow import TensorFlowBackend, TensorFlowOptions\n"
            "backend = TensorFlowBackend(Settings(options=TensorFlowOptions(), threads=1, seed=7))\n"
            "files = []\n"
            f"for index, location in enumerate({locations!r}):\n"
            f"    folder = Path({str(folder)!r}, str(index))\n"
            "    folder.mkdir()\n"
            "    source = ModelSource(format='callable', location=location, name='n')\n"
            "    files += backend.describe(source, folder).files\n"
            "print(json.dumps(files))"
        )
        hashes.append([hashlib.sha256(Path(one).read_bytes()).hexdigest() for one in json.loads(printed)])
    assert len(hashes[0]) == 7
    assert hashes[0] == hashes[1]


def test_another_seed_makes_other_weights(
    backend: TensorFlowBackend, callable_source: Callable[[str], ModelSource], open_session: Open, tmp_path: Path
) -> None:
    """Keras's and TensorFlow's own generators are seeded."""
    found = []
    for seed in (1, 2, 1):
        folder = tmp_path / f"seed{len(found)}"
        folder.mkdir()
        seeded = TensorFlowBackend(Settings(options=TensorFlowOptions(), threads=1, seed=seed))
        told = seeded.describe(callable_source("module"), folder)
        with open_session(told.source) as session:
            found.append(outputs(session, batch_for(told.inputs, 2))[2])
    assert np.array_equal(found[0], found[2])
    assert not np.allclose(found[0], found[1])


def test_given_inputs_name_and_fix_axes(
    backend: TensorFlowBackend, callable_source: Callable[[str], ModelSource], open_session: Open, tmp_path: Path
) -> None:
    """By name they are put into the order that was given."""
    given = (TensorSpec("u", "float32", ("batch", 6, 4)), TensorSpec("i", "int32", ("batch", 2)))
    source = callable_source("pair")
    told = backend.describe(
        ModelSource(format="callable", location=source.location, name="pair", inputs=given), tmp_path
    )
    assert told.inputs == given
    with open_session(told.source) as session:
        assert [one.shape for one in outputs(session, batch_for(given, 2))] == [(2, 2, 3), (2, 5)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([TensorSpec("x", "float32", ("batch", 9))], r"'x' was described as float32\['batch', 9\]"),
        ([TensorSpec("x", "int64", ("batch", 8))], r"'x' was described as int64"),
        ([TensorSpec("x", "float32", ("batch", 8))] * 2, r"takes 1 inputs \(x\), and 2 were described"),
    ],
)
def test_given_inputs_that_do_not_fit_are_told(
    backend: TensorFlowBackend, describe: Describe, given: list[TensorSpec], message: str
) -> None:
    """Nothing is cast or reshaped in silence."""
    made = describe("mlp").source
    with pytest.raises(InputError, match=message):
        backend.load(ModelSource(format="keras", location=made.location, name="n", inputs=tuple(given)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("three", r"my_models\.py:three returned a int, which is not a TensorFlow model"),
        ("other", r"returned a fractions\.Fraction, which is not a TensorFlow model"),
        ("still", r"has no __call__"),
        ("bare", r"does not state its inputs; return ModelSpec\("),
        ("own_bare", r"The Own does not state its inputs"),
        ("python", r"calls Python functions while it runs \(PyFunc\)"),
        ("text", r"output 'output_0' of the model is of the dtype string"),
        ("ragged", r"returns a RaggedTensor"),
        ("raising", r"cannot be saved as a SavedModel: .*no such luck"),
    ],
)
def test_what_cannot_be_measured_is_told_in_a_sentence(describe: Describe, name: str, message: str) -> None:
    """Each is an error of the model, not a traceback."""
    with pytest.raises(ModelError, match=message) as told:
        describe(name)
    assert isinstance(told.value, InferCompareError)
    assert "\n" not in str(told.value)


def test_a_model_of_torch_is_not_tensorflows(backend: TensorFlowBackend, tmp_path: Path) -> None:
    """The type is named as people write it."""
    pytest.importorskip("torch")
    (tmp_path / "net.py").write_text("import torch\ndef make():\n    return torch.nn.Linear(3, 4)\n")
    source = ModelSource(format="callable", location=f"{tmp_path}/net.py:make", name="net")
    with pytest.raises(UnsupportedModel, match=r"returned a torch\.nn\.Linear, which is not a TensorFlow model"):
        backend.describe(source, tmp_path)


def test_outputs_that_numpy_does_not_have_are_widened(describe: Describe, open_session: Open) -> None:
    """bfloat16 leaves the graph as float32."""
    told = describe("narrow")
    assert told.outputs == (TensorSpec("output_0", "float32", ("batch", 4)),)
    with open_session(told.source) as session:
        (y,) = outputs(session, [np.full((2, 4), 1.0009765625, np.float32)])
    assert y.dtype == np.float32
    assert np.array_equal(y, np.ones((2, 4), np.float32))


def test_the_precision_is_what_the_layers_compute_in(describe: Describe, open_session: Open) -> None:
    """Not what goes in and comes out; of several the coarsest, which has a tolerance."""
    with open_session(describe("half").source) as session:
        assert session.effective["precision"] == "float32"
    with open_session(describe("mlp").source) as session:
        assert session.effective["precision"] == "float32"
        assert session.effective["execution"] == "graph"


@pytest.mark.parametrize("name", ["mlp", "module"])
def test_a_native_model_is_traced_once_for_all_batch_sizes(name: str, describe: Describe, open_session: Open) -> None:
    """The batch axis is free, and row i of a batch is what it is alone."""
    told = describe(name)
    with open_session(told.source) as session:
        session.prepare(OperatingPoint(2))
        before = session.compilations()
        whole = batch_for(told.inputs, 16)
        together = outputs(session, whole)
        for batch in (1, 3):
            for part, one in zip(outputs(session, [array[:batch] for array in whole]), together, strict=True):
                assert np.allclose(part, one[:batch], atol=1e-5)
        assert session.compilations() == before <= 1


@pytest.mark.parametrize(
    ("name", "kind"), [("mlp", "function"), ("module", "signature"), ("function", "signature"), ("narrow", "function")]
)
def test_a_native_model_is_called_as_it_is_deployed(
    name: str, kind: str, describe: Describe, open_session: Open
) -> None:
    """A Keras model through a `tf.function`, a SavedModel through its signature unless its outputs need a cast; direct calls agree."""
    told = describe(name)
    x = batch_for(told.inputs, 3)
    with open_session(told.source) as session, open_session(told.source, call="direct") as direct:
        assert session.effective["call"] == kind
        assert direct.effective["call"] == "direct"
        for one, two in zip(outputs(session, x), outputs(direct, x), strict=True):
            np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("name", ["mlp", "module"])
def test_a_native_model_compiles_with_xla(name: str, describe: Describe, open_session: Open) -> None:
    """The option means the same as for imported models."""
    told = describe(name)
    x = batch_for(told.inputs, 3)
    with open_session(told.source) as graph, open_session(told.source, jit_compile=True) as xla:
        assert xla.effective["execution"] == "xla"
        for one, two in zip(outputs(graph, x), outputs(xla, x), strict=True):
            assert np.allclose(one, two, atol=1e-5)


def test_the_variables_come_to_the_device_of_the_session(backend: TensorFlowBackend, describe: Describe) -> None:
    """A second logical processor stands in for an accelerator."""
    from infer_compare_tensorflow import native

    loaded = backend.load(describe("mlp").source)
    assert isinstance(loaded, native.NativeProgram)
    import tensorflow as tf

    before = loaded._served
    loaded.place("/CPU:0")
    assert loaded._served is before
    scopes: list[str] = []
    real = loaded._read

    def read() -> native.Served:
        scopes.append(tf.zeros(1).device)
        return real()

    loaded._read = read
    loaded.place("/device:CPU:0")
    assert loaded._served is not before
    assert scopes[0].endswith("CPU:0")


def test_a_closed_session_gives_the_model_up(describe: Describe, open_session: Open) -> None:
    """The weights are the session's own."""
    session = open_session(describe("mlp").source)
    session.close()
    assert session._program is None
    with pytest.raises(RuntimeError, match="closed"):
        session.stage([np.zeros((1, 8), np.float32)])


@pytest.mark.parametrize("prefetch", ["auto", "off", "2"])
def test_a_pass_over_a_data_set_has_every_sample_once_and_in_order(prefetch: str) -> None:
    """The last batch is what is left; a second pass is like the first."""
    pytest.importorskip("tensorflow")
    backend = TensorFlowBackend(Settings(options=TensorFlowOptions(prefetch=prefetch), threads=1))
    data = [np.arange(20, dtype=np.float32).reshape(10, 2), np.arange(10, dtype=np.int64)]
    for size, lengths in ((4, [4, 4, 2]), (10, [10]), (16, [10]), (1, [1] * 10)):
        batches = list(backend.batches(data, size))
        assert [len(one[0]) for one in batches] == lengths
        for index, array in enumerate(data):
            assert np.array_equal(np.concatenate([one[index] for one in batches]), array)
            assert all(one[index].dtype == array.dtype for one in batches)


def test_another_data_set_is_not_taken_for_the_one_before(backend: TensorFlowBackend) -> None:
    """Tensors are kept from pass to pass only for the very same arrays."""
    one, two = np.zeros((3, 1), np.float32), np.ones((3, 1), np.float32)
    assert next(iter(backend.batches([one], 3)))[0].max() == 0
    assert next(iter(backend.batches([two], 3)))[0].min() == 1


def test_batches_go_into_a_session(describe: Describe, open_session: Open, backend: TensorFlowBackend) -> None:
    """They are what `stage` takes."""
    told = describe("mlp")
    data = batch_for(told.inputs, 10)
    with open_session(told.source) as session:
        found = np.concatenate([outputs(session, one)[0] for one in backend.batches(data, 4)])
        assert np.allclose(found, outputs(session, data)[0], atol=1e-6)


def test_a_cuda_session_of_a_native_model_is_refused_without_a_gpu(
    backend: TensorFlowBackend, describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is read again."""
    loaded = backend.load(describe("mlp").source)
    from infer_compare_tensorflow import runtime

    monkeypatch.setattr(runtime, "devices", lambda: [Device("cpu")])
    with pytest.raises(InferCompareError, match="cannot use the device cuda:0"):
        backend.to_device(loaded, Device("cuda"))
