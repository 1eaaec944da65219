"""Shells complete models, backends, options of contenders, formats and run folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from infer_compare.cli.app import group
from infer_compare.cli.completing import SHELLS, VARIABLE

EXAMPLE = Path(__file__).parents[3] / "docs" / "example" / "run.jsonl"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two runs and an empty folder in `runs`."""
    for name in ("2026-11-29-mlp", "2026-11-30-cnn"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / EXAMPLE.name).write_bytes(b"")
    (tmp_path / "runs" / "notes").mkdir()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def completed(*words: str) -> list[str]:
    """What the last word may become."""
    shell = ShellComplete(group, {}, "infer-compare", VARIABLE)
    return [item.value for item in shell.get_completions([*words[:-1]], words[-1])]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "res"), ["resnet18", "resnet50"]),
        (("run", "--model", "ref=ml"), ["ref=mlp"]),
        (("run", "--backends", "ref"), ["reference"]),
        (("run", "--backends", "onnx,ref"), ["onnx,reference"]),
        (("run", "-b", "onn"), ["onnx", "onnx:"]),
        (("run", "-b", "onnx:graph"), ["onnx:graph_optimization="]),
        (("run", "-b", "onnx:graph_optimization=dis"), ["onnx:graph_optimization=disable"]),
        (("run", "-b", "onnx:label=a,rou"), ["onnx:label=a,route="]),
        (("run", "-b", "onnx:label=a@cp"), ["onnx:label=a@cpu"]),
        (("run", "--device", "cp"), ["cpu"]),
        (("run", "--report", "htm"), ["html"]),
        (("report", "x", "--format", "par"), ["parquet"]),
        (("compare", "a", "b", "--format", "mark"), ["markdown"]),
        (("backends", "onn"), ["onnx"]),
        (("run", "--scope", "data"), ["dataset"]),
        (("comp",), ["compare", "completion"]),
        (("completion", "z"), ["zsh"]),
    ],
)
def test_a_word_is_completed(words, expected) -> None:
    """With all that it can become, and nothing else."""
    assert completed(*words) == expected


@pytest.mark.parametrize("words", [("report",), ("compare", "a"), ("run", "--resume")])
def test_run_folders_are_completed_the_newest_first(folder, words) -> None:
    """Those in `runs`, also before anything is typed; then what was typed decides."""
    both = ["runs/2026-11-30-cnn", "runs/2026-11-29-mlp"]
    assert completed(*words, "") == both
    assert completed(*words, "ru") == both
    assert completed(*words, "runs/2026-11-29") == both[1:]
    assert completed(*words, f"{folder}/ru") == [f"{folder}/runs/"]
    assert completed(*words, "ot") == ["other/"]


def test_what_is_not_known_is_left_to_the_shell() -> None:
    """Files of models, and nothing where a backend is not there."""
    assert completed("run", "./net.on") == ["./net.on"]
    assert completed("run", "-b", "nobody:opt") == ["nobody:opt"]
    assert completed("backends", "nobody") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(cli, shell) -> None:
    """On standard output, for a file or for `eval`."""
    told = cli("completion", shell)
    assert told.code == 0
    assert f"{shell}_complete" in told.out
    assert "infer-compare" in told.out


BASH = shutil.which("bash")


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("infer-compare run resnet1", "resnet18"),
        ("infer-compare run -b onnx:graph_optimization=dis", "disable"),
        ("infer-compare report runs/2026-11-30", "runs/2026-11-30-cnn"),
    ],
)
def test_bash_completes_words_with_colons_and_equals_signs(cli, folder, line, expected) -> None:
    """Of such a word it wants only what follows the last of them."""
    script = cli("completion", "bash").out
    ask = f"""{script}
    COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}
    _infer_compare_completion infer-compare
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [BASH, "--norc", "-c", ask],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == [expected], done.stderr


def test_completing_imports_no_framework() -> None:
    """It must be fast; plugins are looked at, and nothing else."""
    source = (
        "import sys; from infer_compare.cli.completing import contenders, formats, models; "
        "list(contenders('torch:')); list(formats('')); list(models('')); "
        "sys.exit(bool({'torch', 'tensorflow', 'onnxruntime', 'onnx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", source], timeout=60, check=False).returncode == 0
