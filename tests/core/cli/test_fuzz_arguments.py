"""Whatever is typed, a command ends soon, with a documented exit code and one sentence."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import subprocess
import sys
import time
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infer_compare.cli import main
from infer_compare.plugins import Plugins

CODES = {0, 1, 2, 3, 130}
LONG = "x" * 300
DIGITS = "9" * 400
HARD = [
    "", " ", DIGITS, "1e400", "nan", "inf", "-inf", "-1", "1.5", "٣", "²", "1_0", "0x10", "a\nb", "\x1b[31m", LONG,
    "x" * 5000, "a/" * 3000, "😀", "=", ":", "@", "..", "/", "/dev/zero", "/dev/null", "/etc/passwd/x", "cuda:" + DIGITS,
    "1:1000000000000:+1", "1:" + "9" * 18 + ":x2", "1:9:x1", "1:9:+0", "1," * 20_000, DIGITS + "s", DIGITS + "h",
    DIGITS + "TiB", "1e9TiB", "99999999999TiB", "0." + "0" * 400 + "1s", "0." + "0" * 400 + "1B", "99999999999h",
    DIGITS + "/h", "٣/h", "1/h/h", "reference=" + LONG, "reference=/", LONG + ".py:A", LONG + "=x", "x=@" + LONG,
    "reference:label=" + LONG, "reference:label=a\nb", "reference:x=" + DIGITS, "1" + "0" * 30, str(2**63), str(2**64),
    "image=randint(0," + DIGITS + ")", "features=normal(0,1e400)", "features:f32[batch," + DIGITS + "]",
    "features:f32[batch,4611686018427387904]", "features:f32[batch,٣]", "features:f99[batch]", "x:f32[" + "[" * 3000,
    "features:f32[batch," + "1," * 100 + "1]", "features=randint(-1," + str(2**64) + ")", "features=normal(1e38,1e38)",
]  # fmt: skip
"""Texts that have been told as a defect, or are like those."""
OPTIONS = [
    "--batch-sizes", "--threads", "--seed", "--budget", "--latency-bound", "--percentile", "--rtol", "--max-memory",
    "--max-device-memory", "--timeout", "--config", "--price", "--report", "--data", "--input", "--model", "--layout",
    "--input-map", "--output-map", "--device", "--contender", "--backends", "--scope", "--python",
]  # fmt: skip


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    err: str
    seconds: float


def ended(arguments: list[str]) -> Ended:
    """Runs a command in this process."""
    started = time.perf_counter()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as exit_:
        main(arguments)
    code = exit_.value.code
    return Ended(code if isinstance(code, int) else 1, err.getvalue(), time.perf_counter() - started)


def assert_told(arguments: list[str]) -> None:
    """Runs a command; it must do what was asked for, or say in one short sentence why not."""
    result = ended(arguments)
    told = f"{[one[:80] for one in arguments]}: {result}"[:3000]
    assert result.code in CODES, told
    assert "defect" not in result.err, told
    assert "Traceback" not in result.err, told
    assert result.code == 0 or len(result.err) < 5000, told
    if result.code == 2:
        sentences = [line for line in result.err.splitlines() if line.startswith("Error: ")]
        assert len(sentences) == 1, told


@pytest.fixture(autouse=True, scope="module")
def _known_plugins():
    """Plugins are found once and not for each command, which would take most of the time."""
    found = Plugins.discover(())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Plugins, "discover", classmethod(lambda cls, blocked=(): found))
        yield


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run_with(option: str, value: str) -> list[str]:
    """A dry run with one option."""
    backends = [] if option in {"--contender", "--backends"} else ["--backends", "reference"]
    return ["run", "mlp", "--dry-run", *backends, f"{option}={value}"]


@pytest.mark.slow
@pytest.mark.parametrize("option", OPTIONS)
def test_hard_values_of_every_option_are_refused_in_one_sentence(option):
    """All of them, with all."""
    for value in HARD:
        assert_told(run_with(option, value))


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--threads", "1" + "0" * 30, "not a whole number from 1 to 8192"),
        ("--seed", str(2**32), "not a whole number from 0 to 4294967295"),
        ("--rtol", "inf", "not a number"),
        ("--rtol", "nan", "not a number"),
        ("--max-memory", DIGITS + "TiB", "give 1 B to 1024 TiB"),
        ("--max-memory", "0.1B", "give 1 B to 1024 TiB"),
        ("--timeout", "99999999999h", "give 1 ns to 8784 h"),
        ("--latency-bound", "0.0001us", "give 1 ns to 8784 h"),
        ("--device", "cuda:" + DIGITS, "not a whole number from 0 to 65535"),
        ("--config", LONG, "File name too long"),
        ("--config", "/dev/zero", "it is a device, not a file"),
        ("--data", LONG, "There is no data set"),
        ("--contender", LONG + ".py:A", "There is no backend file"),
        ("--python", "reference=" + LONG, "there is no program"),
        ("--price", DIGITS + "/h", "at most 1e+12 a second"),
        ("--input", "features:f32[batch,4611686018427387904]", "a size is a number up to"),
        ("--input", "features=randint(0," + str(2**70) + ")", "needs two whole numbers"),
        ("--input", "features=normal(1e38,1e38)", "the largest number of float32"),
        ("--contender", "reference:label=" + LONG, "a label has at most 200 printable"),
    ],
)
def test_a_value_that_nothing_can_be_done_with_is_refused_before_anything_is_started(option, value, words):
    """Huge, not finite, or the name of no file."""
    result = ended(run_with(option, value))
    assert result.code == 2
    assert words in result.err


@pytest.mark.parametrize("name", [LONG, "a/" * 3000, LONG + ".onnx"])
def test_a_model_whose_name_is_too_long_for_a_file_is_not_there(name):
    """And is shown with its middle left out."""
    result = ended(["explain", name, "--backends", "reference"])
    assert (result.code, result.err.startswith("Error: There is no model")) == (2, True)
    assert len(result.err) < 500


def test_a_named_pipe_is_refused_at_once(tmp_path):
    """Opening one would wait for a writer for ever."""
    for name in ("options.toml", "rows.npz", "rows.npy", "rows", "model.onnx"):
        os.mkfifo(tmp_path / name)
    cases = [("--config", "options.toml"), ("--data", "rows.npz"), ("--data", "rows.npy"), ("--data", "rows")]
    for option, name in cases:
        result = ended(run_with(option, name))
        assert (result.code, "named pipe, not a file" in result.err) == (2, True)
    assert ended(["explain", "model.onnx", "--backends", "reference"]).code == 2


def test_links_that_lead_in_a_circle_are_refused(tmp_path):
    """As a model, data, options or a backend's file."""
    for name in ("a.onnx", "a.npz", "a.toml", "a.py"):
        (tmp_path / name).symlink_to(name)
    for option, name in (("--config", "a.toml"), ("--data", "a.npz"), ("--contender", "a.py:A"), ("--model", "a.onnx")):
        assert ended(run_with(option, name)).code == 2


VALUES = st.text(max_size=60) | st.integers().map(str)
FUZZ = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=20, **FUZZ)
@given(option=st.sampled_from(OPTIONS), value=VALUES)
def test_any_text_as_a_value_is_taken_or_refused_in_one_sentence(option, value):
    """In a dry run, which starts nothing."""
    assert_any_told(option, value)


@pytest.mark.slow
@settings(max_examples=80, **FUZZ)
@given(option=st.sampled_from(OPTIONS), value=VALUES)
def test_many_texts_as_values_are_taken_or_refused_in_one_sentence(option, value):
    """The same at length."""
    assert_any_told(option, value)


def assert_any_told(option: str, value: str) -> None:
    """A dry run with a text as the value of an option."""
    if option in {"--model", "--data"}:
        # A function is looked for in a process of its own.
        value = value.replace(":", "")
    assert_told(run_with(option, value.encode(errors="replace").decode()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "more"),
    [
        (["report"], []),
        (["runs"], []),
        (["schema"], []),
        (["backends"], []),
        (["plugin", "check"], []),
        (["selftest", "--backends"], []),
        (["selftest", "--model", "nope", "--backends=reference", "--threads"], []),
        (["compare", "nope"], []),
        (["compare", "nope", "nope", "--margin"], []),
        (["report", "nope", "--price"], []),
        (["report", "nope", "--format"], []),
    ],
)
def test_hard_arguments_of_other_commands_are_refused_in_one_sentence(command, more):
    """A run, a name, a format or a number."""
    for value in HARD:
        # Reading from a device as a run, or listing the whole machine, are not what is asked about here.
        if value.startswith(("-", "/dev")) or value in {"", " ", "/", ".."}:
            continue
        assert_told([*command, value, *more])


class TestSurroundings:
    """The folder and the environment that a command is started in."""

    def test_a_variable_that_is_not_utf_8_is_recorded_with_its_bytes_escaped(self, monkeypatch):
        """And can be stored."""
        import msgspec

        from infer_compare.environment.variables import relevant

        found = relevant({"OMP_NUM_THREADS": os.fsdecode(b"1\xff"), "ORT_X": "é"}, ("ORT_",))
        assert found == {"OMP_NUM_THREADS": r"1\xff", "ORT_X": "é"}
        assert msgspec.json.decode(msgspec.json.encode(found)) == found
        monkeypatch.setenv("OMP_NUM_THREADS", os.fsdecode(b"1\xff"))
        assert_told(["run", "mlp", "--backends", "reference", "--dry-run", "--json"])

    def test_a_working_folder_that_is_not_utf_8_is_refused(self, tmp_path, monkeypatch):
        """Paths in it could not be stored."""
        place = tmp_path / os.fsdecode(b"caf\xe9")
        place.mkdir()
        monkeypatch.chdir(place)
        result = ended(["run", "mlp", "--backends", "reference", "--dry-run"])
        assert result.code == 2
        assert "The working folder" in result.err
        assert "is not valid UTF-8" in result.err

    @pytest.mark.parametrize("name", ["HOME", "TMPDIR", "XDG_CACHE_HOME", "INFER_COMPARE_CACHE"])
    def test_a_folder_of_the_environment_that_is_not_utf_8_is_refused(self, monkeypatch, name):
        """By the name of the variable."""
        monkeypatch.setenv(name, os.fsdecode(b"/tmp/\xff"))
        result = ended(["models"])
        assert result.code == 2
        assert f"{name} " in result.err

    def test_a_working_folder_that_was_removed_is_named(self, tmp_path, monkeypatch):
        """The help and the version are printed all the same."""
        place = tmp_path / "gone"
        place.mkdir()
        monkeypatch.chdir(place)
        place.rmdir()
        result = ended(["models"])
        assert (result.code, "working folder no longer exists" in result.err) == (2, True)
        assert ended(["--version"]).code == 0

    @pytest.mark.slow
    @pytest.mark.parametrize("mebibytes", [160, 300, 400, 500])
    def test_a_limit_of_the_address_space_is_named_where_it_is_met(self, mebibytes):
        """Threads, libraries and arrays all fail in their own words."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))

        done = subprocess.run(
            [sys.executable, "-m", "infer_compare", "explain", "mlp", "--backends", "reference"],
            preexec_fn=limit,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in {0, 1, 2}
        assert "defect" not in done.stderr
        assert "Traceback" not in done.stderr


def test_running_out_of_memory_in_the_parent_is_told_as_that(monkeypatch):
    """Not as a defect, and with what to raise."""
    import infer_compare.cli.models as module

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(module.command, "callback", fail)
    result = ended(["models"])
    assert result.code == 1
    assert "itself ran out of memory (can't start new thread)" in result.err
    assert "ulimit -v" in result.err


def test_a_full_disk_behind_standard_output_is_told_as_that():
    """Not as a defect."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, "-m", "infer_compare", "schema", "run"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "Cannot write to" in done.stderr
    assert "defect" not in done.stderr


def test_a_project_whose_name_is_too_long_is_refused():
    """By the system, in a sentence."""
    result = ended(["plugin", "new", "abc", "-o", LONG])
    assert result.code == 2
    assert "defect" not in result.err
