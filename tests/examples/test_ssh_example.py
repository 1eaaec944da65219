"""The launcher over ssh: a module of a page, installed from its wheel, which passes the checks with `bash -c` as the command."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "infer-compare-ssh"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_module_is_as_short_as_the_page_says():
    """Under 80 lines."""
    assert len((EXAMPLE / "infer_compare_ssh.py").read_text(encoding="utf-8").splitlines()) < 80


def test_the_installed_launcher_is_listed_and_passes_its_checks(tmp_path, new_environment, core_wheel, run_apart):
    """And so do the other tests that it brings along."""
    pip = new_environment(tmp_path)
    pip("install", "-c", EXAMPLE.parents[1] / "constraints.txt", core_wheel, f"{EXAMPLE}[test]")
    binaries = tmp_path / "venv" / "bin"
    chosen = {"INFER_COMPARE_SSH_PYTHON": str(binaries / "python")}
    done = run_apart(
        *(binaries / "infer-compare", "plugin", "check", "ssh", "--address", "bash -c"),
        cwd=tmp_path,
        timeout=300,
        **chosen,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "launcher ssh passes: 14 passed." in done.stdout
    # One of its tests makes the same checks.
    brief = ("-q", "-k", "not passes_its_checks")
    done = run_apart(binaries / "python", "-m", "pytest", *brief, EXAMPLE / "tests", cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout
