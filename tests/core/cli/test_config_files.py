"""`infer-compare run --config`: a file of options, flags over it, stored runs again, and the plan with its duration."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import onnx
import pytest

from fault_injection import fake
from infer_compare.api import load_run
from infer_compare.api.config_file import NOT_IN_FILES, read_config
from infer_compare.cli.run import command
from infer_compare.models.builtin import builtin_models
from infer_compare.request.options import declared
from infer_compare.request.reading import complete
from infer_compare.results import Header

FAKE = f"{fake.__file__}:FakeBackend"
EVERYTHING = """
model = "mlp"
backends = ["reference"]
contenders = [
  "reference:label=again",
  { backend = "onnx", options = { graph_optimization = "disable" }, device = "cpu", label = "plain" },
]
device = "cpu"
batch-sizes = "1:8:x2"
inputs = ["features=uniform(0,1)"]
scope = "end_to_end"
threads = 2
seed = 7
mode = "thorough"
restarts = 2
rounds = 1
budget = "5m"
latency_bound = "20ms"
percentile = 99
rtol = 1e-3
max_memory = "2GiB"
max-device-memory = "1GiB"
backstop = true
find_limit = true
timeout = "90s"
convert = false
trust = true
price = "1.20/h"
reports = ["html"]
"""


@pytest.fixture
def write(tmp_path):
    """Writes `sweep.toml` into the working folder."""

    def put(text: str) -> str:
        (tmp_path / "sweep.toml").write_text(text, encoding="utf-8")
        return "sweep.toml"

    return put


@pytest.fixture
def plan(cli):
    """The header that a dry run prints."""

    def ask(*arguments: str) -> dict:
        result = cli("run", *arguments, "--dry-run", "--json")
        assert result.code == 0, result.err
        return json.loads(result.out)

    return ask


def test_every_option_can_stand_in_a_file(write, plan) -> None:
    """With the value syntax of the command line, in keys with underscores or dashes."""
    pytest.importorskip("onnxruntime")
    header = plan("--config", write(EVERYTHING))
    told = {**header["options"], **header["plan"]}
    assert header["model"]["name"] == "mlp"
    assert [one["label"] for one in header["contenders"]] == ["reference", "again", "plain"]
    assert header["contenders"][2]["options"] == {"graph_optimization": "disable"}
    expected = {
        "batch_sizes": [1, 2, 4, 8],
        "scope": "end_to_end",
        "threads": 2,
        "seed": 7,
        "mode": "thorough",
        "restarts": 2,
        "rounds_per_restart": 1,
        "budget": 300.0,
        "latency_bound": 0.02,
        "percentile": 99.0,
        "rtol": 1e-3,
        "max_memory": 2 << 30,
        "max_device_memory": 1 << 30,
        "backstop": True,
        "find_limit": True,
        "timeout": 90.0,
        "convert": False,
        "trust": True,
        "inputs": ["features=uniform(0,1)"],
    }
    assert {name: told[name] for name in expected} == expected


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path) -> None:
    """As some editors write it; it belongs to no key."""
    (tmp_path / "sweep.toml").write_text('seed = 7\nmodel = "mlp"\n', encoding="utf-8-sig")
    assert (tmp_path / "sweep.toml").read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_config(tmp_path / "sweep.toml").given == {"seed": 7, "model": "mlp"}


def test_tables_tell_of_single_backends(write) -> None:
    """Models, interpreters, layouts and maps."""
    path = write(
        '[models]\ntorch = "net.pt2"\n[python]\ntorch = "/venv/bin/python"\n[layout]\ntorch = "NHWC"\n'
        '[input_map.torch]\nown = "image"\n'
    )
    options = complete(read_config(Path(path).absolute()).given)
    assert options.model == "net.pt2"
    assert options.models == {"torch": "net.pt2"}
    assert options.python == {"torch": "/venv/bin/python"}
    assert options.layout == {"torch": "NHWC"}
    assert options.input_map == ("torch:own=image",)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--model", "variant=other.onnx"), {"variant": "other.onnx"}),
        (
            ("--model", "variant=other.onnx", "--model", "base=other.onnx"),
            {"variant": "other.onnx", "base": "other.onnx"},
        ),
        (("--model", "reference=other.onnx", "--model", "base=mlp"), {"reference": "other.onnx", "base": "mlp"}),
    ],
)
def test_the_models_of_labels_are_stored_so_that_they_can_be_asked_for_again(plan, tmp_path, flags, expected) -> None:
    """As they were named, by label or by backend."""
    onnx.save(builtin_models()["mlp"].build(1), tmp_path / "other.onnx")
    header = plan("mlp", "-b", "reference:label=base", "-b", "reference:label=variant", *flags)
    again = msgspec.convert(header, Header).options
    assert again.models == expected
    assert again.model == "mlp"


def test_a_flag_gives_a_model_to_a_label_of_the_file(write, plan, tmp_path) -> None:
    """Whether the file or a flag names the contender."""
    onnx.save(builtin_models()["mlp"].build(1), tmp_path / "other.onnx")
    path = write('model = "mlp"\ncontenders = ["reference", { backend = "reference", label = "variant" }]\n')
    told = {one["label"]: one["model"] for one in plan("--config", path, "--model", "variant=other.onnx")["contenders"]}
    assert told == {"reference": None, "variant": "other.onnx"}


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_every_long_flag_is_a_key_or_is_said_not_to_be_one() -> None:
    """A new flag of `run` has to be decided about."""
    flags = {flag for one in command.params for flag in one.opts if flag.startswith("--")}
    declared_flags = {flag for option in declared().values() for flag in option.flags}
    assert {flag[2:].replace("-", "_") for flag in flags - declared_flags} == NOT_IN_FILES
    assert not NOT_IN_FILES & set(declared())


def test_flags_come_before_the_file(write, plan) -> None:
    """Each in the place of its key; contenders in the place of all contenders; the mode in that of its numbers."""
    path = write(EVERYTHING)
    header = plan(
        "--config", path, "-b", "reference", "--batch-sizes", "3", "--quick", "--seed", "0", "cnn", "--input", "image"
    )
    assert header["model"]["name"] == "cnn"
    assert [one["label"] for one in header["contenders"]] == ["reference"]
    told = {**header["options"], **header["plan"]}
    assert (told["batch_sizes"], told["mode"], told["restarts"], told["seed"]) == ([3], "quick", 3, 0)
    assert told["threads"] == 2


def test_the_environment_comes_before_the_file_too(write, plan, monkeypatch) -> None:
    """A variable stands for a flag."""
    monkeypatch.setenv("INFER_COMPARE_RUN_THREADS", "1")
    assert plan("--config", write('model = "mlp"\nbackends = "reference"\nthreads = 2'))["plan"]["threads"] == 1


def test_without_a_file_everything_has_its_default(plan) -> None:
    """As `--help` tells it."""
    told = plan("-b", "reference")
    assert told["model"]["name"] == "cnn"
    expected = {"batch_sizes": None, "scope": "device", "seed": 0, "mode": "default", "timeout": 60.0}
    expected |= {"percentile": 95.0, "max_memory": None}
    assert {name: told["options"][name] for name in expected} == expected
    assert told["plan"]["batch_sizes"] is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("contnders = ['onnx']", "did you mean 'contenders'?"),
        ("latency-bond = '20ms'", "did you mean 'latency_bound'?"),
        ("nonsense = 1", "write one of model, models"),
        ("threads = 'two'", "'two' is not a whole number from 1 to 8192; write for example 2 or 1,2,4"),
        ("threads = 0", "threads does not fit: expected `int` >= 1"),
        ("scope = 'all'", "scope is 'all'; write one of device, end_to_end, dataset"),
        ("budget = 5", 'budget = 5 has no unit; write for example "5m"'),
        ("budget = '5'", "'5' has no unit"),
        ("max_memory = 4", "has no unit"),
        ("quick = true", 'write mode = "quick"'),
        ("no-convert = true", "write convert = false"),
        ("output = 'runs/x'", "give --output on the command line"),
        ("dry-run = true", "give --dry-run on the command line"),
        ("threads = 1\nthreads = 2", "is not TOML"),
        ("batch-sizes = 1\nbatch_sizes = 2", "is given twice"),
        ("threads", "is not TOML"),
        ("contenders = [{backend = 'onnx', option = {}}]", "contender 1 has an unknown key 'option'"),
        ("contenders = 'onnx'", "contenders does not fit"),
        ("[models]\ntorch = 1", "models"),
        ("batch_sizes = [1, 0]", "batch_sizes"),
        ("price = 'cheap'", "is not a price"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(text, sentence, write, cli, tmp_path) -> None:
    """Exit code 2, nothing is started, and nothing is left."""
    result = cli("run", "--config", write(text))
    assert result.code == 2
    assert sentence in result.err
    assert len(result.err.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.toml"]


def test_a_file_that_cannot_be_read_is_told(cli, tmp_path) -> None:
    """Missing, no text, an empty folder, a run file that is none."""
    assert "There is no file nowhere.toml" in cli("run", "--config", "nowhere.toml").err
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in cli("run", "--config", "binary.toml").err
    (tmp_path / "empty").mkdir()
    assert "There is no run at empty" in cli("run", "--config", "empty").err
    (tmp_path / "run.jsonl").write_text("nonsense\n")
    assert cli("run", "--config", "run.jsonl").code == 2


def test_a_file_cannot_be_given_to_a_run_that_is_resumed(cli, write) -> None:
    """That goes on as it was asked for."""
    result = cli("run", "--resume", "run", "--config", write("threads = 1"))
    assert result.code == 2
    assert "--config" in result.err


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where one run is kept for all tests, once it was made."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def once(cli, write, open_gate, kept, tmp_path):
    """A stored run of a scripted backend with two options, whose label holds a comma."""
    model = _relu(tmp_path)
    if not (kept / "once").exists():
        path = write(
            f"contenders = ['{FAKE}:fixed_us=100,per_sample_us=10']\nbatch_sizes = [1, 3]\nthreads = 1\nseed = 5\n"
            f"model = '{model}'\nmode = 'quick'\nrestarts = 1\nrounds = 1\nlatency_bound = '1s'\n"
        )
        cli("run", "--config", path, "-o", kept / "once")
    shutil.copytree(kept / "once", tmp_path / "once")
    return tmp_path / "once"


def _relu(folder: Path) -> str:
    from onnx import TensorProto, helper

    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "graph", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "relu.onnx").write_bytes(model.SerializeToString())
    return "relu.onnx"


def test_a_stored_run_is_repeated_exactly(once, cli, tmp_path) -> None:
    """The same model, contenders and plan; only the moment is another."""
    result = cli("run", "--config", "once/run.jsonl", "-o", "again", "--json")

    old, new = load_run(once).header, load_run(tmp_path / "again").header
    assert json.loads(result.out)["run_id"] == new.run_id != old.run_id
    assert new.model == old.model
    assert new.contenders == old.contenders
    assert "," in new.contenders[0].label
    # Which follows what memory is available where nobody said it.
    names = set(old.plan.__struct_fields__) - {"max_memory"}
    assert old.options.max_memory is None
    assert {name: getattr(new.plan, name) for name in names} == {name: getattr(old.plan, name) for name in names}


def test_a_model_that_has_changed_is_refused(once, cli, tmp_path) -> None:
    """The model is named, and no folder is left."""
    data = bytearray((tmp_path / "relu.onnx").read_bytes())
    place = data.index(b"graph")
    data[place : place + 5] = b"other"
    (tmp_path / "relu.onnx").write_bytes(data)

    result = cli("run", "--config", "once", "-o", "again")

    assert result.code == 2
    assert "the model relu.onnx has changed" in result.err
    assert not (tmp_path / "again").exists()
    assert cli("run", "--config", "once", "--dry-run").code == 2
    # Another model that is asked for is no change.
    assert cli("run", "mlp", "--config", "once", "--dry-run").code == 0


def test_a_dry_run_of_a_stored_run_tells_what_it_took(once, cli) -> None:
    """Its own figures, which a flag that changes the plan turns into an estimate from them."""
    took = load_run(once).closing.elapsed_s
    line = _expected(cli("run", "--config", "once", "--dry-run").out)
    assert line.endswith(", as in that run")
    assert float(line.split()[1]) == pytest.approx(took, rel=0.06)
    assert "estimated from that run" in _expected(cli("run", "--config", "once", "--thorough", "--dry-run").out)
    unknown = cli("run", "--config", "once", "--batch-sizes", "7", "--dry-run").out
    assert "refined after exploring" in _expected(unknown)


def test_a_dry_run_says_how_little_is_known_before_exploring(cli, tmp_path) -> None:
    """Nothing is stored; a budget is told as it is."""
    rough = _expected(cli("run", "mlp", "-b", "reference", "--quick", "--dry-run").out)
    assert " to " in rough
    assert "with --quick" in rough
    assert "refined after exploring" in rough
    assert (
        _expected(cli("run", "mlp", "-b", "reference", "--budget", "5m", "--dry-run").out) == "about 5 min, the budget"
    )
    assert not list(tmp_path.iterdir())


def _expected(text: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith("expected")]
    return line.removeprefix("expected").strip()
