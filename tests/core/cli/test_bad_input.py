"""Every bad input gets one clear sentence, the documented exit code, and no traceback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fault_injection import fake
from infer_compare.models.builtin import builtin_models

if TYPE_CHECKING:
    from pathlib import Path

FAKE = f"{fake.__file__}:FakeBackend:label=fake"


def _relu(path: Path, shape: list[int | str | None], name: str = "x") -> Path:
    graph = helper.make_graph(
        [helper.make_node("Relu", [name], ["y"])],
        "relu",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def _with_external_data(folder: Path, location: str) -> Path:
    tensor = numpy_helper.from_array(np.ones((4, 4), np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "external",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
        [tensor],
    )
    path = folder / "external.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return path


def _refused(result, *words: str, code: int = 2) -> None:
    assert result.code == code, result
    assert result.out == ""
    message = result.err.strip().splitlines()[-1]
    assert message.startswith("Error: ")
    for word in words:
        assert word in message


def test_an_unknown_backend_suggests_the_nearest_and_lists_the_installed(cli):
    """Before anything is started."""
    _refused(cli("run", "mlp", "--backends", "torch,onx"), "'onx'", "Did you mean 'onnx'", "reference", "tensorflow")


@pytest.mark.parametrize("names", ["", ",", "onnx,"])
def test_an_empty_backend_name_is_refused(cli, names):
    """With an example."""
    _refused(cli("run", "mlp", "--backends", names), "backend name is empty", "--backends torch,onnx")


def test_an_unknown_built_in_model_suggests_the_nearest(cli):
    """And says where the list is."""
    _refused(cli("run", "resnet81", "-b", FAKE), "resnet81", "did you mean 'resnet18'", "infer-compare models")


def test_a_missing_model_file_is_named(cli):
    """By the path that was typed."""
    _refused(cli("run", "nowhere.onnx", "-b", FAKE), "nowhere.onnx")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"this is not a model at all", "not an ONNX file"), (None, "cut short")],
    ids=["empty", "text", "truncated"],
)
def test_a_damaged_model_file_is_refused(cli, tmp_path, content, words):
    """Empty, something else, or cut short."""
    path = tmp_path / "bad.onnx"
    if content is None:
        content = builtin_models()["mlp"].build(0).SerializeToString()[:5000]
    path.write_bytes(content)
    _refused(cli("run", path, "-b", FAKE), "bad.onnx", words)


@pytest.mark.parametrize("location", ["absent.bin", "../outside.bin"])
def test_external_data_that_is_absent_or_outside_the_folder_is_refused(cli, tmp_path, location):
    """A model may read its own folder only."""
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(np.ones((4, 4), np.float32).tobytes())
    _refused(cli("run", _with_external_data(folder, location), "-b", FAKE), "external data")


def test_an_input_without_a_size_for_a_free_axis_is_refused_with_the_text_to_write(cli, tmp_path):
    """The sentence names input and axis."""
    path = _relu(tmp_path / "free.onnx", ["batch", "seq"], "ids")
    _refused(cli("run", path, "-b", FAKE), "'seq'", "'ids'", "--input 'ids:f32[batch,128]'")


def test_an_input_of_2_gib_a_sample_is_refused_before_anything_is_filled(cli, tmp_path):
    """The sentence names the input, its size and what a worker may hold; nothing is left behind."""
    path = _relu(tmp_path / "wide.onnx", ["batch", 2**29])
    _refused(
        cli("run", path, "-b", FAKE, "--max-memory", "1GiB", "-o", tmp_path / "run"),
        "'x' takes 2 GiB a sample (536870912 of float32)",
        "a worker may hold 1 GiB",
        "--input, or raise --max-memory",
    )
    assert not (tmp_path / "run").exists()


def test_rows_for_which_the_disk_has_no_room_are_refused_before_anything_is_filled(cli, tmp_path):
    """64 million samples of 1 MiB are 64 TiB."""
    path = _relu(tmp_path / "wide.onnx", ["batch", 2**18])
    result = cli("run", path, "-b", FAKE, "--batch-sizes", 2**26, "--max-memory", "100TiB", "-o", tmp_path / "run")
    _refused(result, "a batch of 67108864 takes 64 TiB", "can be written to", "name smaller --batch-sizes", "with -o")
    assert not (tmp_path / "run").exists()


def test_a_fixed_batch_axis_is_refused_with_what_to_do(cli, tmp_path):
    """How to export it free: of two inputs with different sizes there, neither need be the batch."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "y"], ["z"])],
        "product",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (("x", [4, 3]), ("y", [3, 4]))
        ],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [4, 4])],
    )
    path = tmp_path / "fixed.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    _refused(cli("run", path, "-b", FAKE), "batch axis", "fixed at 4", "export")


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ("0", "give 1 to "),
        ("-4", "give 1 to "),
        ("1,two,3", "'two' is not a whole number"),
        ("1,2,2", "2 more than once"),
        ("8:1:x2", "empty"),
        ("1:8:x1", "never ends"),
        ("1:8", "not a range"),
        ("1.5", "not a whole number"),
        ("", "not a whole number"),
    ],
)
def test_batch_sizes_that_make_no_sense_are_refused(cli, sizes, words):
    """Zero, negative, no number, duplicates, ranges that are empty or never end."""
    _refused(cli("run", "mlp", "-b", FAKE, "--batch-sizes", sizes), words)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--latency-bound", "20", "no unit"),
        ("--latency-bound", "20parsecs", "not a unit"),
        ("--latency-bound", "soon", "not a duration"),
        ("--max-memory", "4", "no unit"),
        ("--max-memory", "4elephants", "not a unit"),
        ("--timeout", "0s", "above zero"),
        ("--threads", "0", "'0' is not a whole number from 1 to 8192"),
        ("--percentile", "101", "'101' is not a number from 50 to 99.9"),
        ("--scope", "moon", "not one of"),
    ],
)
def test_option_values_that_do_not_fit_are_refused(cli, option, value, words):
    """Units are never guessed."""
    result = cli("run", "mlp", "-b", FAKE, option, value)
    assert result.code == 2
    assert words in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rnu",), "Did you mean 'run'?"),
        (("run", "mlp", "-b", "onnx:lable=x"), "Did you mean 'label'?"),
        (("run", "mlp", "--input", "featurs=ones"), "Did you mean 'features'?"),
    ],
)
def test_an_unknown_word_gets_the_nearest_that_there_is(cli, arguments, words):
    """Commands, keys of contenders and inputs."""
    _refused(cli(*arguments), words)


def test_an_option_that_the_backend_does_not_have_is_refused_with_a_suggestion(cli):
    """And its options are listed."""
    _refused(cli("run", "mlp", "-b", "torch:compil=true"), "'compil'", "Did you mean 'compile'", "channels_last")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("onnx:graph_optimization=disabel", "write one of all, basic, disable, extended. Did you mean 'disable'?"),
        ("torch:compile=perhaps", "write one of true, false, max-autotune"),
        ("torch:dynamic=perhaps", "write true or false"),
        ("torch:loader_workers=-1", "loader_workers=-1 is not valid: expected `int` >= 0"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_refused_with_what_it_takes(cli, spec, words):
    """The choices are listed, and the nearest is suggested."""
    _refused(cli("run", "mlp", "-b", spec), words)


@pytest.mark.parametrize(
    ("spec", "words"), [("torch:compile", "key=value"), ("torch:compile=true,compile=true", "twice")]
)
def test_an_option_text_that_is_not_one_is_refused(cli, spec, words):
    """Key and value, each once."""
    _refused(cli("run", "mlp", "-b", spec), words)


def test_a_device_that_is_no_device_is_refused(cli):
    """With examples."""
    _refused(cli("run", "mlp", "-b", FAKE, "--device", "gpu card"), "cpu, cuda or cuda:1")


@pytest.mark.parametrize("command", ["run", "check", "explain"])
def test_a_kind_of_device_that_the_backend_lacks_is_refused_with_those_that_it_has(cli, command):
    """Whether it was typed for one contender or for all; a kind of a plugin's own is known from its declaration."""
    _refused(cli(command, "mlp", "-b", f"{FAKE}@acelerator"), "'acelerator'; did you mean accelerator?")
    _refused(cli(command, "mlp", "-b", FAKE, "--device", "xpu:1"), "on accelerator or cpu, not on 'xpu'")


def test_a_file_backend_that_is_not_there_is_refused(cli):
    """By its path."""
    _refused(cli("run", "mlp", "-b", "nowhere.py:Backend"), "nowhere.py")


def test_a_file_in_the_place_of_the_run_folder_is_refused(cli, tmp_path):
    """Nothing is overwritten."""
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    _refused(cli("run", "mlp", "-b", FAKE, "-o", tmp_path / "taken"), "is a file, not a folder", "-o")


@pytest.mark.linux
def test_a_run_folder_that_cannot_be_made_is_refused(cli):
    """With the reason of the system."""
    _refused(cli("run", "mlp", "-b", FAKE, "-o", "/proc/nowhere/run"), "cannot be created")


def test_a_folder_that_holds_a_run_is_refused(cli, tmp_path):
    """It is told how to go on."""
    (tmp_path / "run.jsonl").write_text("", encoding="utf-8")
    _refused(cli("run", "mlp", "-b", FAKE, "-o", tmp_path), "already holds a run")


@pytest.mark.parametrize("command", ["report", "runs"])
def test_a_run_that_is_not_there_is_one_sentence(cli, command):
    """Reports need a run; a list of none is empty."""
    result = cli(command, "nowhere")
    assert result.code == (2 if command == "report" else 0)
    assert "nowhere" in result.err


def test_an_unknown_report_format_lists_those_there_are(cli, tmp_path):
    """Before the run is read, and before a run is planned."""
    _refused(cli("report", tmp_path, "--format", "markdwn"), "markdwn", "markdown", "csv")
    _refused(cli("run", "mlp", "-b", FAKE, "--report", "markdwn", "--dry-run"), "markdwn", "markdown", "csv")


def test_a_contender_without_its_framework_is_told_what_to_install(cli, tmp_path):
    """And with no other contender, nothing can be run: exit code 3."""
    path = tmp_path / "absent.py"
    path.write_text(
        "from fault_injection import FakeBackend\n"
        "class Absent(FakeBackend):\n"
        "    name = 'absent'\n"
        "    requires = ('a_framework_that_nobody_has',)\n"
        "    install_hint = 'pip install absent'\n",
        encoding="utf-8",
    )
    _refused(cli("run", "mlp", "-b", f"{path}:Absent"), "a_framework_that_nobody_has", "pip install absent", code=3)


def test_an_unknown_command_suggests_nothing_and_fails(cli):
    """Usage is exit code 2."""
    result = cli("rum")
    assert result.code == 2
    assert "rum" in result.err


def test_a_model_file_whose_name_is_not_text_is_refused(cli, tmp_path):
    """It could not be stored in the run's file."""
    name = os.fsdecode(b"m\xff.onnx")
    (tmp_path / name).write_bytes(b"")
    _refused(cli("run", name, "--backends", "onnx"), "not valid UTF-8", "rename")


def test_an_exception_in_a_users_function_is_said_in_one_sentence_with_its_line(cli, tmp_path):
    """Its own lines become one, and the place is that of the user's file."""
    pytest.importorskip("torch")
    (tmp_path / "bad.py").write_text("import torch\n\n\ndef make():\n    raise ValueError('no weights\\nin here.')\n")
    result = cli("explain", "bad.py:make", "-b", "torch")
    assert result.code == 2
    assert result.err.endswith("bad.py:make raised ValueError: no weights in here (bad.py, line 5).\n")
