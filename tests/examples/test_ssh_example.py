"""The launcher over ssh: a module of a page, installed from its wheel, which passes the checks with `bash -c` as the command."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "infer-compare-ssh"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_module_is_as_short_as_the_page_says():
    """Under 80 lines."""
    assert len((EXAMPLE / "infer_compare_ssh.py").read_text(encoding="utf-8").splitlines()) < 80


@pytest.fixture(scope="module")
def folder(plugin_environment):
    """With a virtual environment in it that has the launcher."""
    return plugin_environment(EXAMPLE.name)


@pytest.fixture
def program(folder, program_apart, monkeypatch):
    """Runs the installed program; its Python is that of the machines."""
    monkeypatch.setenv("INFER_COMPARE_SSH_PYTHON", str(folder / "venv" / "bin" / "python"))
    return partial(program_apart, folder)


def test_the_installed_launcher_passes_its_checks(program, folder, run_apart):
    """And so do the other tests that it brings along."""
    done = program("plugin", "check", "ssh", "--address", "bash -c")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "launcher ssh passes: 14 passed." in done.stdout
    # One of its tests makes the same checks.
    brief = ("-q", "-k", "not passes_its_checks")
    python = folder / "venv" / "bin" / "python"
    done = run_apart(python, "-m", "pytest", *brief, EXAMPLE / "tests", cwd=folder, timeout=300)
    assert done.returncode == 0, done.stdout


def test_a_fleet_runs_on_machines_behind_commands(program, folder):
    """Both are this one, as their boot id says, and so of one kind."""
    (folder / "fleet.toml").write_text(
        'models = ["mlp"]\n[options]\nbackends = ["reference"]\nbatch_sizes = "1,2"\nmode = "quick"\nthreads = 1\n'
    )
    arguments = ("--launcher", "ssh", "--address", "bash -c, sh -c", "-o", "made")
    done = program("fleet", "run", "fleet.toml", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((folder / "made").glob("*/run.jsonl"))) == 1
    done = program("fleet", "run", "fleet.toml", "--launcher", "ssh", "--address", "no-such-host", "-o", "other")
    assert done.returncode == 2
    assert "no-such-host cannot" in done.stderr or "cannot be started" in done.stderr
    assert not (folder / "other").exists()
