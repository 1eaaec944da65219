"""A backend in another environment: a second virtual environment, made for the test."""

from __future__ import annotations

import json
import site
import subprocess
import sys
from pathlib import Path

import pytest


def environment(folder: Path, *, filled: bool) -> Path:
    """The interpreter of a new environment; with everything that this one has, or with nothing."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if filled:
        lines = "".join(f"import site; site.addsitedir({one!r})\n" for one in site.getsitepackages())
        (folder / "lib" / version / "site-packages" / "other.pth").write_text(lines)
    return folder / "bin" / "python"


def test_a_worker_may_live_in_another_environment(cli, tmp_path) -> None:
    """Its outputs are compared with those of a worker in this one, and the report says where it lived."""
    python = environment(tmp_path / "filled", filled=True)
    result = cli("check", "mlp", "--backends", "onnx,reference", "--python", f"onnx={python}", "--json")
    assert result.code == 0, result.err
    told = json.loads(result.out)
    assert [one["python"] for one in told["contenders"]] == [str(python), None]
    assert [one["verdict"] for one in told["agreements"]] == ["agrees", "agrees"]


@pytest.mark.slow
def test_contenders_of_one_backend_may_live_in_two_environments(cli, tmp_path) -> None:
    """As two versions of one framework do; in a file the interpreter is a key of the contender's table."""
    python = environment(tmp_path / "filled", filled=True)
    result = cli("check", "mlp", "-b", "reference", "-b", f"reference:python={python},label=other", "--json")
    assert result.code == 0, result.err
    told = json.loads(result.out)
    assert [(one["label"], one["python"]) for one in told["contenders"]] == [
        ("reference", None),
        ("other", str(python)),
    ]
    assert [one["verdict"] for one in told["agreements"]] == ["agrees", "agrees"]


def test_an_interpreter_of_a_contender_that_is_not_there_is_named_with_the_contender(cli, tmp_path) -> None:
    """That of its backend is another one."""
    (tmp_path / "two.toml").write_text(
        'model = "mlp"\ncontenders = ["onnx", { backend = "onnx", python = "gone", label = "other" }]\n'
    )
    result = cli("run", "--config", "two.toml", "--dry-run")
    assert result.code == 2
    assert f"python of other: there is no program {tmp_path / 'gone'}; name a Python interpreter." in result.err


@pytest.mark.parametrize("backend", ["onnx", "ort"])
def test_an_environment_without_infer_compare_is_refused_with_what_to_install(cli, tmp_path, backend) -> None:
    """Before anything is started in it, and by a backend's other name too."""
    python = environment(tmp_path / "empty", filled=False)
    result = cli("run", "mlp", "--backends", "onnx,reference", "--python", f"{backend}={python}")
    assert result.code == 2
    assert "has no infer-compare" in result.err
    assert f"{python} -m pip install infer-compare==" in result.err
    assert not list(tmp_path.glob("runs/*"))


def test_an_environment_without_the_framework_costs_that_backend_only(cli, tmp_path) -> None:
    """What is missing is asked there, not here."""
    python = environment(tmp_path / "bare", filled=False)
    root = Path(__file__).parents[3]
    # The project's own code and what it needs, and no framework.
    needed = ("msgspec", "click", "pluggy", "numpy", "onnx", "google", "ml_dtypes", "typing_extensions.py", "psutil")
    packages = python.parents[1] / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    for folder in map(Path, site.getsitepackages()):
        for name in needed:
            if (folder / name).exists():
                (packages / name).symlink_to(folder / name)
    (packages / "project.pth").write_text(f"{root / 'core'}\n{root / 'backends'}\n")
    result = cli("check", "mlp", "--backends", "torch,reference", "--python", f"torch={python}")
    assert result.code == 1
    # Lines are broken anywhere in a long path.
    assert f"torchisnotinstalledfor{python}" in "".join(result.out.split())
    assert "reference" in result.out


def test_a_program_that_is_no_python_is_refused(cli) -> None:
    """In a sentence, at once."""
    result = cli("check", "mlp", "--backends", "onnx", "--python", "onnx=/bin/true")
    assert result.code == 2
    assert "/bin/true is not a Python interpreter" in result.err
