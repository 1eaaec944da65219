"""Reading ONNX files: whole, broken, and with data beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infer_compare.errors import ModelError
from infer_compare.models.onnx_file import check_external_data, external_files, load_onnx, parse_onnx
from infer_compare.models.onnx_graph import read_graph
from infer_compare.models.source import resolve_model
from infer_compare.models.tensors import is_mapped

if TYPE_CHECKING:
    from pathlib import Path

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


def sparse_weights(model, folder: Path, size: int, held: int) -> Path:
    """A model that says it has `size` bytes of weights in a file of `held` bytes, which takes no room on the disk."""
    made = model([helper.make_node("Add", ["x", "c"], ["y"])], constants={"c": np.zeros(4, np.float32)})
    with (folder / "weights.bin").open("wb") as file:
        file.truncate(held)
    (tensor,) = made.graph.initializer
    del tensor.dims[:]
    tensor.dims.extend([size // 4])
    external(made, folder / "net.onnx", "weights.bin")
    return folder / "net.onnx"


def test_weights_beside_a_model_are_not_read_to_see_that_they_are_there(model, tmp_path):
    """One TiB of them: they would not fit into memory."""
    path = sparse_weights(model, tmp_path, 2**40, 2**40)
    parsed = parse_onnx(path)
    check_external_data(parsed, path)
    assert parsed.graph.initializer[0].data_location == TensorProto.EXTERNAL


def test_weights_that_end_too_early_are_refused_without_being_read(model, tmp_path):
    """The file is shorter than the tensor."""
    path = sparse_weights(model, tmp_path, 2**20, 2**20 - 4)
    with pytest.raises(ModelError, match=r"external data .*weights\.bin is too short for the data of 'c'"):
        check_external_data(parse_onnx(path), path)


@pytest.mark.parametrize("location", ["missing.bin", "../outside.bin", "/etc/hostname", "link.bin"])
def test_weights_that_are_absent_or_outside_are_refused_without_being_read(model, tmp_path, location):
    """The checks of where the file lies are those of reading it."""
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(bytes(4096))
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    made = model([helper.make_node("Add", ["x", "c"], ["y"])], constants={"c": np.zeros(1024, np.float32)})
    external(made, folder / "net.onnx", location)
    with pytest.raises(ModelError, match=r"external data of .*net\.onnx cannot be read"):
        check_external_data(parse_onnx(folder / "net.onnx"), folder / "net.onnx")


def test_a_model_that_is_too_large_for_the_memory_is_refused_before_it_is_read(tmp_path):
    """A file of 1 TiB, which takes no room on the disk."""
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ModelError, match=r"large\.onnx takes about 2 TiB of memory to read, and .* may be used"):
        resolve_model(str(path), seed=0, folder=tmp_path, models={})


def test_large_weights_beside_a_model_are_mapped_and_small_ones_read(model, tmp_path):
    """A model of any size is read without holding its weights; an array is made of the file where it lies."""
    weights = np.arange(4 * 300, dtype=np.float32).reshape(300, 4)
    made = model(
        [
            helper.make_node("Gather", ["w", "places"], ["rows"]),
            helper.make_node("ReduceSum", ["rows", "first"], ["sum"], keepdims=0),
            helper.make_node("Add", ["x", "sum"], ["y"]),
        ],
        constants={"w": weights, "places": np.arange(8), "first": np.array([0])},
    )
    onnx.save(made, tmp_path / "net.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    constants = read_graph(tmp_path / "net.onnx").constants
    assert {name: is_mapped(array) for name, array in constants.items()} == {"w": True, "places": False, "first": False}
    assert np.array_equal(constants["w"], weights)


def sparse_model(model, places, values, shape, tmp_path: Path) -> Path:
    """A file of one product with a sparse initializer."""
    made = model([helper.make_node("MatMul", ["x", "w"], ["y"])], outputs=[("y", TensorProto.FLOAT, ("batch", 3))])
    numbers = numpy_helper.from_array(np.asarray(values, np.float32), "w")
    indices = numpy_helper.from_array(np.asarray(places, np.int64), "w_indices")
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(numbers, indices, shape))
    path = tmp_path / "sparse.onnx"
    path.write_bytes(made.SerializeToString())
    return path


@pytest.mark.parametrize("places", [[0, 4, 11], [[0, 0], [1, 1], [3, 2]]])
def test_a_sparse_initializer_is_a_constant_with_its_zeros(model, tmp_path, places):
    """Its places are counted through, or told axis by axis."""
    constants = read_graph(sparse_model(model, places, [1, 2, 3], [4, 3], tmp_path)).constants
    wanted = np.zeros((4, 3), np.float32)
    wanted[[0, 1, 3], [0, 1, 2]] = [1, 2, 3]
    assert np.array_equal(constants["w"], wanted)


@pytest.mark.parametrize(
    ("places", "shape", "reason"),
    [
        ([0, 12], [4, 3], "indices do not fit"),
        ([0, 1], [2**20, 2**20], "at most 1 GiB are made"),
        ([0], [4, 3], "do not fit"),
    ],
)
def test_a_sparse_initializer_that_cannot_be_made_dense_is_refused_by_name(model, tmp_path, places, shape, reason):
    """Before any memory is taken for it."""
    with pytest.raises(ModelError, match=rf"sparse initializer 'w' of .*{reason}"):
        parse_onnx(sparse_model(model, places, [1, 2], shape, tmp_path))
