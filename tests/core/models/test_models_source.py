"""From what was typed to a model on disk."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest
from onnx import TensorProto, helper

from infer_compare.errors import ModelError, UnsupportedModel
from infer_compare.interfaces import BuiltinModel, ModelDescription, ModelSource, TensorSpec
from infer_compare.models.builtin import builtin_models
from infer_compare.models.source import described, resolve_model
from infer_compare.plugins import Plugins

RELU = helper.make_node("Relu", ["x"], ["y"])


@pytest.fixture
def resolve(tmp_path):
    """Resolves a text with the built-in models at hand."""

    def resolve_(text, *, seed=0, models=None, given=()):
        models, endings = models or builtin_models(), Plugins.discover(block=["*"]).endings
        folder = tmp_path / "built"
        return resolve_model(str(text), seed=seed, folder=folder, models=models, given=given, endings=endings)

    return resolve_


def test_a_built_in_model_is_built_and_written(resolve, tmp_path):
    """Name, format, hash, inputs, outputs and figures come with it."""
    found = resolve("mlp")
    assert found.path == tmp_path / "built" / "mlp.onnx"
    assert (found.name, found.source, found.format) == ("mlp", "mlp", "onnx")
    assert found.sha256 == hashlib.sha256(found.path.read_bytes()).hexdigest()
    assert found.inputs == (TensorSpec("features", "float32", ("batch", 64)),)
    assert found.outputs == (TensorSpec("logits", "float32", ("batch", 10)),)
    assert found.parameters == 64 * 128 + 128 + 128 * 128 + 128 + 128 * 10 + 10
    assert found.flops_per_sample == 2 * (64 * 128 + 128 * 128 + 128 * 10)


def test_a_seed_decides_the_weights_and_so_the_hash(resolve):
    """The same seed gives the same file."""
    assert resolve("mlp").sha256 == resolve("mlp").sha256
    assert resolve("mlp").sha256 != resolve("mlp", seed=1).sha256


def test_a_file_is_taken_as_it_is(resolve, write, monkeypatch, tmp_path):
    """Its axes are renamed, its metadata kept, and its path made absolute."""
    path = write([RELU], inputs=[("x", TensorProto.FLOAT, ["N", 4])], outputs=[("y", TensorProto.FLOAT, ["N", 4])])
    monkeypatch.chdir(tmp_path)
    found = resolve("net.onnx")
    assert found.path == path
    assert (found.name, found.source) == ("net", "net.onnx")
    assert found.inputs == (TensorSpec("x", "float32", ("batch", 4)),)
    assert found.outputs == (TensorSpec("y", "float32", ("batch", 4)),)
    assert (found.parameters, found.flops_per_sample) == (0, 0)


def test_the_range_of_indices_comes_with_a_file_unless_its_metadata_say_another(resolve, write, model):
    """It is that of the table in which they are looked up."""
    made = model(
        [helper.make_node("Gather", ["words", "ids"], ["y"])],
        inputs=[("ids", TensorProto.INT64, ["N", 4])],
        outputs=[("y", TensorProto.FLOAT, ["N", 4, 2])],
        constants={"words": np.zeros((99, 2), np.float32)},
    )
    assert resolve(write(made=made)).metadata == {"infer_compare.input.ids": "randint(0,99)"}
    made.metadata_props.add(key="infer_compare.input.ids", value="randint(0,5)")
    assert resolve(write(made=made)).metadata == {"infer_compare.input.ids": "randint(0,5)"}


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (
            "net.pt2",
            r'torch\.export\.export\(net, \(x,\), dynamic_shapes=\{"ids": \{0: torch\.export\.Dim\.DYNAMIC\}\}\)',
        ),
        ("net.keras", r"keras\.Input\(shape\) of one sample, without a batch size"),
    ],
)
def test_a_fixed_batch_gets_the_remedy_of_the_files_own_framework(tmp_path, name, remedy):
    """With the name of its own input."""
    path = tmp_path / name
    path.write_bytes(b"x")
    specs = (TensorSpec("ids", "int64", (1, 4)),)
    source = ModelSource(format=name.partition(".")[2], location=str(path), name="net", inputs=specs)
    with pytest.raises(ModelError, match=remedy):
        described(name, ModelDescription(source=source, inputs=specs, outputs=(), files=(str(path),)))


def test_metadata_of_the_file_come_with_it(resolve, write, model):
    """They may say how inputs are filled."""
    made = model([RELU])
    helper.set_model_props(made, {"infer_compare.input.x": "ones"})
    assert resolve(write(made=made)).metadata == {"infer_compare.input.x": "ones"}


def test_the_hash_covers_external_data(resolve, model, tmp_path):
    """A change of the weights is a change of the model."""
    made = model([helper.make_node("Add", ["x", "c"], ["y"])], constants={"c": np.zeros(4, np.float32)})
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    (tmp_path / "weights.bin").write_bytes(np.zeros(4, np.float32).tobytes())
    before = resolve(path)
    (tmp_path / "weights.bin").write_bytes(np.ones(4, np.float32).tobytes())
    after = resolve(path)
    assert before.parameters == after.parameters == 4
    assert before.sha256 != after.sha256


def test_external_data_outside_the_folder_is_refused(resolve, model, tmp_path):
    """A model file must not read other files of the machine."""
    made = model([helper.make_node("Add", ["x", "c"], ["y"])], constants={"c": np.zeros(4, np.float32)})
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    (tmp_path / "secret").write_bytes(bytes(16))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "net.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(ModelError, match="must lie whole in the model's own folder"):
        resolve(folder / "net.onnx")


@pytest.mark.parametrize(("typed", "meant"), [("resnet5", "resnet50"), ("CNN", "cnn"), ("bert-small", "bert_small")])
def test_an_unknown_name_gets_the_nearest_one(resolve, typed, meant):
    """And the sentence says where the list is."""
    with pytest.raises(ModelError, match=rf"no model '{typed}'; did you mean '{meant}'\? `infer-compare models`"):
        resolve(typed)


def test_a_name_like_no_other_gets_no_suggestion(resolve):
    """Only where the list is, and how a file is named."""
    with pytest.raises(ModelError, match=r"no model 'xyzzy'; `infer-compare models` lists .* ends in \.onnx"):
        resolve("xyzzy")


def test_a_missing_file_is_told_as_a_file(resolve, tmp_path):
    """A name with the suffix is one."""
    with pytest.raises(ModelError, match=r"There is no model file .*gone\.onnx"):
        resolve(tmp_path / "gone.onnx")


@pytest.mark.parametrize("text", ["net.pt2", "net.keras", "net.py:make"])
def test_formats_that_only_their_framework_reads_are_named(resolve, text):
    """Nothing of them is read here."""
    with pytest.raises(ModelError, match=r"has the format (pt2|keras|callable), which only its framework can read"):
        resolve(text)


def test_folders_and_other_files_are_told_apart(resolve, tmp_path):
    """A SavedModel is a folder with a certain file."""
    with pytest.raises(ModelError, match=r"a folder without saved_model\.pb"):
        resolve(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(ModelError, match="format savedmodel"):
        resolve(tmp_path)
    text = tmp_path / "notes.txt"
    text.touch()
    with pytest.raises(ModelError, match=r"ends in \.onnx"):
        resolve(text)


def test_a_fixed_batch_axis_is_made_free(resolve, write, tmp_path):
    """The rewritten file lies in the run's folder, the hash is the original's, and a sentence says so."""
    path = write([RELU], inputs=[("x", TensorProto.FLOAT, [1, 4])], outputs=[("y", TensorProto.FLOAT, [1, 4])])
    found = resolve(path)
    assert found.path == tmp_path / "built" / "net-free-batch.onnx"
    assert found.inputs == (TensorSpec("x", "float32", ("batch", 4)),)
    assert found.outputs == (TensorSpec("y", "float32", ("batch", 4)),)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.warnings == ("The batch axis was fixed at 1; it was made free and checked on 3 rows.",)


def test_a_model_whose_fixed_batch_cannot_be_made_free_runs_at_that_size(resolve, write):
    """A sentence says so, with the reason and how to export it with a free batch."""
    path = write(
        [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)],
        inputs=[("x", TensorProto.FLOAT, [1, 4])],
        outputs=[("y", TensorProto.FLOAT, [])],
    )
    found = resolve(path)
    assert (found.path, found.fixed_batch) == (path, 1)
    assert found.inputs == (TensorSpec("x", "float32", ("batch", 4)),)
    (sentence,) = found.warnings
    assert re.match(
        r"It runs at batch size 1 only\. The .* fixed at 1 .* and could not .* no batch axis; .*dynamic_shapes",
        sentence,
    )


@pytest.mark.parametrize("shape", [[], [4]])
def test_an_input_without_the_batch_axis_beside_others_is_shared_by_all_rows(resolve, write, shape):
    """A scalar, or a row that all have in common: it stays as it is, and a sentence says so."""
    path = write(
        [helper.make_node("Mul", ["x", "s"], ["y"])],
        inputs=[("x", TensorProto.FLOAT, ["batch", 4]), ("s", TensorProto.FLOAT, shape)],
    )
    found = resolve(path)
    assert [spec.shape for spec in found.inputs] == [("batch", 4), tuple(shape)]
    assert found.warnings == ("The input 's' has no batch axis, so every batch gets the same values for it.",)


def test_the_batch_is_where_it_was_said_to_be(resolve, write):
    """Whatever the axes are called; without any batch nothing can be measured."""
    values = [("x", TensorProto.FLOAT, ["batch", "rows", 4]), ("y", TensorProto.FLOAT, ["batch", "rows", 4])]
    path = write([RELU], inputs=values[:1], outputs=values[1:])
    found = resolve(path, given=["x:f32[20,batch,4]"])
    assert (found.inputs[0].shape, found.outputs[0].shape) == (("axis0", "batch", 4), ("axis0", "batch", 4))
    assert found.warnings == ()
    with pytest.raises(ModelError, match=r"No input of .* has a batch axis; name one of its free axes batch"):
        resolve(path, given=["x:f32[20,8,4]"])


def test_an_input_of_unknown_shape_or_no_input_at_all_is_refused(resolve, write, model):
    """There is nothing to make rows of."""
    with pytest.raises(ModelError, match="does not state the shape of its input 'x'"):
        resolve(write([RELU], inputs=[("x", TensorProto.FLOAT, None)]))
    made = model([helper.make_node("Constant", [], ["y"], value_float=1.0)], inputs=[])
    with pytest.raises(ModelError, match="has no inputs"):
        resolve(write(made=made))


def test_an_input_that_is_no_tensor_is_unsupported(resolve, write, model):
    """Sequences cannot be batched."""
    made = model([RELU])
    del made.graph.input[:]
    made.graph.input.append(helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None))
    with pytest.raises(UnsupportedModel, match="is a sequence"):
        resolve(write(made=made))


def test_a_plugins_model_that_cannot_be_built_is_told_with_its_error(resolve):
    """The sentence names the model and what it raised."""

    def build(seed):
        raise RuntimeError("no weights today")

    models = {"theirs": BuiltinModel(name="theirs", summary="", build=build)}
    with pytest.raises(ModelError, match=r"'theirs' cannot be built \(RuntimeError: no weights today\)"):
        resolve("theirs", models=models)


def test_a_plugins_model_is_read_like_a_file(resolve, model):
    """It must have a batch axis too."""
    good = BuiltinModel(name="good", summary="", build=lambda seed: model([RELU]))
    over_rows = helper.make_node("Softmax", ["x"], ["y"], axis=0)
    bad = BuiltinModel(
        name="bad", summary="", build=lambda seed: model([over_rows], inputs=[("x", TensorProto.FLOAT, [2, 4])])
    )
    assert resolve("good", models={"good": good}).name == "good"
    assert resolve("bad", models={"bad": bad}).fixed_batch == 2


def test_a_batch_that_is_declared_free_and_held_by_a_node_is_made_free(resolve, write):
    """The target of a Reshape is for one row: it is rewritten, and the node is named."""
    path = write(
        [
            helper.make_node("Reshape", ["x", "apart"], ["a"], name="split"),
            helper.make_node("Tanh", ["a"], ["b"]),
            helper.make_node("Reshape", ["b", "whole"], ["y"]),
        ],
        constants={"apart": np.array([1, 2, 2]), "whole": np.array([1, 4])},
    )
    found = resolve(path)
    assert found.path != path
    assert found.inputs == (TensorSpec("x", "float32", ("batch", 4)),)
    (sentence,) = found.warnings
    assert sentence.startswith("The file declares a free batch axis, but Reshape (node 'split') fixes it at 1. ")
    assert "was made free" in sentence


def test_an_output_that_loses_its_batch_for_one_row_is_named(resolve, write):
    """Squeeze without axes drops a batch of one as well."""
    path = write(
        [helper.make_node("ReduceSum", ["x", "last"], ["s"]), helper.make_node("Squeeze", ["s"], ["y"], name="flat")],
        outputs=[("y", TensorProto.FLOAT, ["batch"])],
        constants={"last": np.array([1])},
    )
    (sentence,) = resolve(path).warnings
    assert sentence.startswith("For one row, the output 'y' is [] and not [batch]: Squeeze (node 'flat') has no axes;")


def test_a_function_that_calls_itself_is_refused_by_name(resolve, write):
    """Neither shape inference nor an importer would come to an end."""
    call = helper.make_node("Again", ["x"], ["y"], domain="own")
    function = helper.make_function("own", "Again", ["x"], ["y"], [call], [helper.make_opsetid("own", 1)])
    value = [helper.make_tensor_value_info(name, 1, ["batch", 4]) for name in "xy"]
    graph = helper.make_graph([call], "g", value[:1], value[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    path = write(made=helper.make_model(graph, functions=[function], opset_imports=opsets, ir_version=8))
    with pytest.raises(ModelError, match=r"its function 'own\.Again' calls itself"):
        resolve(str(path))


def test_an_output_that_is_listed_twice_is_refused_by_name(resolve, write):
    """Frameworks would return other numbers of outputs."""
    values = [("y", TensorProto.FLOAT, ["batch", 4])] * 2
    with pytest.raises(ModelError, match="lists the output 'y' twice"):
        resolve(write([RELU], outputs=values))
