"""Models and data of kinds that are not read: the error says what they are, and what to paste."""

from __future__ import annotations

import ast
import json
import textwrap
import zipfile

import numpy as np
import pytest
from onnx import TensorProto, helper, save


def pasted(message: str) -> str:
    """The indented lines of a message, as they would be pasted into a file."""
    lines = message.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("    "))
    after = [place for place, line in enumerate(lines) if place > first and line and not line.startswith("    ")]
    return textwrap.dedent("\n".join(lines[first : min(after, default=len(lines))]))


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        (
            "net.pt",
            "holds weights but not the model",
            'torch.load("net.pt", map_location="cpu", weights_only',
        ),
        ("net.pth", "infer-compare run my_net.py:make", 'torch.load("net.pth"'),
        ("pytorch_model.bin", "infer-compare run my_net.py:make", 'torch.load("pytorch_model.bin"'),
        ("net.safetensors", "holds weights but not the model", 'load_file("net.safetensors")'),
        ("net.h5", "Keras's old HDF5 format", 'load_model("net.h5", compile=False).save("net.keras")'),
        ("net.hdf5", "Keras's old HDF5 format", '.save("net.keras")'),
        ("trees.pkl", "reading it executes code", 'options={"zipmap": False}'),
        ("trees.joblib", "reading it executes code", 'joblib.load("trees.joblib")'),
        ('a"b.pt', "holds weights", 'torch.load("a\\"b.pt"'),
    ],
)
def test_a_file_of_another_kind_gets_lines_to_paste(cli, tmp_path, name: str, words: str, code: str) -> None:
    """With the file's own name in them; they are valid Python."""
    (tmp_path / name).write_bytes(b"weights")
    result = cli("check", name)
    assert result.code == 2
    assert result.out == ""
    assert words in result.err
    assert code in pasted(result.err)
    ast.parse(pasted(result.err))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("net.tflite", "LiteRT"),
        ("net.engine", "name the ONNX file that it was built from"),
        ("net.plan", "TensorRT"),
        ("net.pb", "name the folder that holds saved_model.pb"),
        ("net.gguf", "GGUF"),
    ],
)
def test_a_format_of_another_runtime_is_named(cli, tmp_path, name: str, words: str) -> None:
    """And what can be named in its place."""
    (tmp_path / name).write_bytes(b"x")
    result = cli("run", name)
    assert result.code == 2
    assert words in result.err


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"\x80\x02ccollections\nOrderedDict\nq\x00)", "holds weights but not the model"),
        (b"\x80\x02}q\x00", "holds weights but not the model"),
        (b"\x80\x02ctorch.nn.modules.linear\nLinear\nq\x00)", 'torch.load("net.pth", weights_only=False)'),
    ],
    ids=["weights", "dictionary", "module"],
)
def test_a_pickled_module_is_told_from_weights(cli, tmp_path, start, words) -> None:
    """By its first bytes; nothing in it is executed."""
    with zipfile.ZipFile(tmp_path / "net.pth", "w") as archive:
        archive.writestr("net/data.pkl", start)
    result = cli("check", "net.pth")
    assert result.code == 2
    assert words in result.err


def test_a_scripted_program_is_told_from_weights(cli, tmp_path) -> None:
    """Both end in .pt."""
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/code/__torch__.py", "")
    result = cli("check", "net.pt")
    assert "is a TorchScript program" in result.err
    assert 'torch.jit.load("net.pt")' in pasted(result.err)


def test_a_folder_of_transformers_gets_a_function_with_its_own_class_and_inputs(cli, tmp_path) -> None:
    """They are in its configuration."""
    folder = tmp_path / "bert"
    folder.mkdir()
    config = {"architectures": ["BertForMaskedLM"], "model_type": "bert", "vocab_size": 321}
    (folder / "config.json").write_text(json.dumps(config))
    result = cli("check", "bert")
    assert result.code == 2
    code = pasted(result.err)
    ast.parse(code)
    assert 'transformers.BertForMaskedLM.from_pretrained("bert", local_files_only=True)' in code
    assert '"input_ids:i64[batch,128]=randint(0,321)", "attention_mask:i64[batch,128]=ones"' in code


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1}', '{"architectures": [1]}', "[" * 100_000])
def test_a_configuration_of_something_else_is_no_obstacle(cli, tmp_path, text: str) -> None:
    """The folder is refused as before, or with a general function."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "config.json").write_text(text)
    result = cli("check", "net")
    assert result.code == 2
    assert "saved_model.pb" in result.err or "AutoModel" in result.err


def test_a_model_that_takes_text_is_refused_with_a_remedy(cli, tmp_path) -> None:
    """Only arrays of numbers are passed."""
    node = helper.make_node("StringNormalizer", ["x"], ["y"], case_change_action="LOWER")
    x, y = (helper.make_tensor_value_info(name, TensorProto.STRING, ["batch"]) for name in "xy")
    save(helper.make_model(helper.make_graph([node], "g", [x], [y])), tmp_path / "words.onnx")
    result = cli("check", "words.onnx")
    assert result.code == 2
    assert "The input 'x' is text" in result.err


def test_one_image_is_no_folder_of_images(cli, tmp_path) -> None:
    """The lines to paste open that file."""
    (tmp_path / "cat.jpg").write_bytes(b"x")
    result = cli("check", "cnn", "--data", "cat.jpg")
    assert result.code == 2
    assert 'files = [pathlib.Path("cat.jpg")]' in pasted(result.err)


def test_a_model_that_returns_a_zip_map_gets_the_option_that_leaves_it_out(cli, tmp_path) -> None:
    """As scikit-learn's classifiers are converted."""
    nodes = [
        helper.make_node("Identity", ["x"], ["p"]),
        helper.make_node("ZipMap", ["p"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[0, 1]),
    ]
    made = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    outputs = [helper.make_value_info("z", helper.make_sequence_type_proto(made))]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2])]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    save(
        helper.make_model(helper.make_graph(nodes, "g", inputs, outputs), opset_imports=opsets), tmp_path / "trees.onnx"
    )
    result = cli("check", "trees.onnx")
    assert result.code == 2
    assert 'options={"zipmap": False}' in result.err


def small(path, shape) -> None:
    """A model of one input."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape]) for name in ("image", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["image"], ["y"])], "g", values[:1], values[1:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def test_a_table_gets_lines_that_make_a_data_set_of_it(cli, tmp_path) -> None:
    """With the name, the shape and the dtype of the model's input; carried out, they do."""
    pytest.importorskip("pandas")
    small(tmp_path / "net.onnx", [2, 2])
    (tmp_path / "rows.csv").write_text("a,b,c,d,name\n1,2,3,4,x\n5,6,7,8,y\n")
    result = cli("check", "net.onnx", "-b", "reference", "--data", "rows.csv")
    assert result.code == 2
    exec(pasted(result.err), {})
    with np.load(tmp_path / "data.npz") as made:
        assert made["image"].dtype == np.float32
        assert made["image"].tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]


@pytest.mark.parametrize(
    ("shape", "parts"),
    [
        ([3, 20, 30], ('.convert("RGB").resize((30, 20))', "transpose(0, 3, 1, 2)")),
        ([20, 30, 3], ('.convert("RGB").resize((30, 20))', "rows = numpy.stack(images)\n")),
        ([1, 20, 30], ('.convert("L").resize((30, 20))', ".reshape(-1, 1, 20, 30)")),
    ],
)
def test_a_folder_of_images_gets_lines_for_the_models_own_layout(cli, tmp_path, shape, parts) -> None:
    """Channels first, last, or one."""
    small(tmp_path / "net.onnx", shape)
    (tmp_path / "images" / "cats").mkdir(parents=True)
    (tmp_path / "images" / "cats" / "1.JPG").write_bytes(b"x")
    result = cli("check", "net.onnx", "-b", "reference", "--data", "images")
    assert result.code == 2
    code = pasted(result.err)
    ast.parse(code)
    for part in (*parts, '"image"', "float32"):
        assert part in code
