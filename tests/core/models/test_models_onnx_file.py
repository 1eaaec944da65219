"""Reading ONNX files: whole, broken, and with data beside them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infer_compare.errors import ModelError
from infer_compare.models.onnx_file import external_files, load_onnx, parse_onnx
from infer_compare.models.onnx_graph import read_graph

RELU = helper.make_node("Relu", ["x"], ["y"], name="r")


def test_a_missing_empty_or_unreadable_file_is_told_as_such(tmp_path):
    """One sentence each, with the path."""
    with pytest.raises(ModelError, match=r"There is no model file .*no\.onnx"):
        load_onnx(tmp_path / "no.onnx")
    empty = tmp_path / "empty.onnx"
    empty.touch()
    with pytest.raises(ModelError, match=r"empty\.onnx is empty"):
        load_onnx(empty)
    with pytest.raises(ModelError, match="There is no model file"):
        load_onnx(tmp_path)


@pytest.mark.parametrize("content", [b"this is not a model" * 30, b"\x00" * 100, b"\x7fELF" + bytes(range(256))])
def test_what_is_not_onnx_is_refused(tmp_path, content):
    """Whether or not it happens to parse."""
    path = tmp_path / "garbage.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not an ONNX file, or it is cut short"):
        load_onnx(path)


def test_a_file_that_is_cut_short_is_refused_at_every_length(model, tmp_path):
    """A download may stop anywhere."""
    data = model([RELU], constants={"unused": np.ones(50, np.float32)}).SerializeToString()
    path = tmp_path / "short.onnx"
    for length in range(1, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(ModelError, match=r"short\.onnx is not"):
            load_onnx(path)


def test_a_model_that_imports_no_operator_set_is_refused(model, write):
    """Its nodes would have no meaning."""
    made = model([RELU])
    del made.opset_import[:]
    with pytest.raises(ModelError, match="imports no operator set"):
        load_onnx(write(made=made))


def external(made: onnx.ModelProto, path, location: str) -> None:
    """Writes a model whose only constant lies in another file."""
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    path.write_bytes(made.SerializeToString())


def test_external_data_is_loaded_from_the_models_folder(model, tmp_path):
    """And the files that hold it are known before."""
    weights = np.arange(4, dtype=np.float32)
    made = model([helper.make_node("Add", ["x", "c"], ["y"])], constants={"c": weights})
    (tmp_path / "weights.bin").write_bytes(weights.tobytes())
    path = tmp_path / "net.onnx"
    external(made, path, "weights.bin")
    assert external_files(parse_onnx(path)) == ("weights.bin",)
    assert np.array_equal(read_graph(path).constants["c"], weights)


@pytest.mark.parametrize("location", ["missing.bin", "../outside.bin", "/etc/hostname", "link.bin"])
def test_external_data_that_is_absent_or_outside_is_refused(model, tmp_path, location):
    """A model file must not read other files of the machine."""
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(bytes(16))
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    made = model([helper.make_node("Add", ["x", "c"], ["y"])], constants={"c": np.zeros(4, np.float32)})
    external(made, folder / "net.onnx", location)
    with pytest.raises(ModelError, match=r"external data of .*net\.onnx cannot be read"):
        load_onnx(folder / "net.onnx")


def test_external_data_in_subgraphs_is_found(model):
    """Branches have constants of their own."""
    constant = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    constant.external_data.add(key="location", value="branch.bin")
    branch = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["b"])],
        "branch",
        [],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)],
        [constant],
    )
    made = model([helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)])
    assert external_files(made) == ("branch.bin",)
