"""Models whose weights lie beside the file, imported into torch without being held twice."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

torch = pytest.importorskip("torch")

from infer_compare_torch.importer import import_onnx  # noqa: E402
from infer_compare_torch.importer.weights import PIECE  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = 1000


def table(folder: Path, rows: int) -> Path:
    """A model that sums rows of a table in a file that takes no room on the disk: all zeros but the first 64 rows."""
    first = np.random.default_rng(0).standard_normal((64, COLUMNS)).astype(np.float32)
    with (folder / "table.bin").open("wb") as file:
        file.truncate(rows * COLUMNS * 4)
        file.write(first.tobytes())
    tensor = onnx.TensorProto(name="table", data_type=TensorProto.FLOAT, dims=[rows, COLUMNS])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "table.bin"), ("offset", "0"), ("length", str(rows * COLUMNS * 4))):
        tensor.external_data.add(key=key, value=value)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "ids"], ["e"]), helper.make_node("ReduceMean", ["e"], ["y"], axes=[2])],
        "lookup",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4, 1])],
        [tensor],
    )
    path = folder / "lookup.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )
    return path


def test_weights_beside_a_model_are_copied_out_of_the_file_in_pieces(tmp_path: Path) -> None:
    """The module owns them: the file may go away. The table is longer than a piece, by less than another."""
    rows = PIECE // COLUMNS + 1
    module = import_onnx(table(tmp_path, rows))
    (weight,) = module.parameters()
    assert tuple(weight.shape) == (rows, COLUMNS)
    wanted = np.fromfile(tmp_path / "table.bin", np.float32, 64 * COLUMNS).reshape(64, COLUMNS)
    (tmp_path / "table.bin").write_bytes(b"")
    ids = torch.tensor([[0, 1, 63, rows - 1]])
    np.testing.assert_allclose(module(ids).numpy()[0, :3, 0], wanted[[0, 1, 63]].mean(1), atol=1e-6)


@pytest.mark.slow
def test_a_model_above_two_gigabytes_is_imported_within_one_and_a_half_times_its_size(tmp_path: Path) -> None:
    """Protocol buffers end at 2 GiB, and a copy for each step would not fit into memory."""
    rows = 550_000
    path = table(tmp_path, rows)
    code = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from infer_compare_torch.importer import import_onnx\n"
        "def peak():\n"
        "    return int(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1]) * 1024\n"
        "before = peak()\n"
        "module = import_onnx(Path(sys.argv[1]))\n"
        "print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1.5 * rows * COLUMNS * 4
