"""`infer-compare plugin new`: a project that installs, passes the static checks, and says what to fill in."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import sysconfig
import tomllib

import pytest

from infer_compare.scaffold import KINDS
from infer_compare.testing.conformance import CHECKS

FILLING = KINDS["backend"].filling


def _run(*command, cwd, **environment):
    return subprocess.run(
        [str(one) for one in command],
        cwd=cwd,
        # Plugins of pytest that nothing here needs would be imported for a second.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


PROPOSALS = {"proposing_loads_no_framework", "snippets_can_be_pasted"}
"""A fresh project proposes no configuration, and writes no code."""
PASSED = {name for name, one in CHECKS.items() if not one.dynamic} - PROPOSALS


def _verify(done):
    """Everything that needs no framework passes; the rest is skipped."""
    assert done.returncode == 0, done.stdout + done.stderr
    for one in json.loads(done.stdout)["results"]:
        assert one["outcome"] == ("passed" if one["check"] in PASSED else "skipped"), one
        if one["check"] not in PROPOSALS:
            assert one.get("reason", "needs warp_drive (pip install warp_drive)").startswith("needs warp_drive"), one


@pytest.fixture
def project(cli, tmp_path):
    """A fresh project."""
    done = cli("plugin", "new", "warp_drive")
    assert done.code == 0, done.err
    return tmp_path / "infer-compare-warp-drive"


def test_the_project_says_what_to_fill_in(cli):
    """File by file, and how to go on."""
    done = cli("plugin", "new", "warp", "-o", "mine")
    for place, what in FILLING:
        assert f"{place.format(name='warp')}: {what}" in done.out
    assert "infer-compare plugin check warp" in done.out


def test_the_places_that_are_named_say_fill_in(project):
    """Each of them."""
    for place, _ in FILLING:
        assert "Fill in" in (project / place.format(name="warp_drive")).read_text(encoding="utf-8")


def test_the_files_of_the_project_are_sound(project):
    """Python parses, and the tables of the project agree with its folders."""
    for path in project.rglob("*.py"):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["project"]["entry-points"]["infer_compare"] == {"warp_drive": "infer_compare_warp_drive"}
    (package,) = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert (project / package / "__init__.py").is_file()
    assert len((project / "tests" / "test_warp_drive.py").read_text(encoding="utf-8").splitlines()) < 16


def test_the_project_passes_the_static_checks(project, tmp_path):
    """Found by its entry point, as if it were installed."""
    site = tmp_path / "site"
    info = site / "infer_compare_warp_drive-0.1.dist-info"
    info.mkdir(parents=True)
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {settings['name']}\nVersion: 0.1\n", encoding="utf-8")
    points = "".join(f"{name} = {value}\n" for name, value in settings["entry-points"]["infer_compare"].items())
    (info / "entry_points.txt").write_text(f"[infer_compare]\n{points}", encoding="utf-8")
    path = os.pathsep.join(map(str, (site, project / "src")))
    command = (sys.executable, "-m", "infer_compare", "plugin", "check", "warp_drive", "--json")
    _verify(_run(*command, cwd=tmp_path, PYTHONPATH=path))
    tested = _run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", project, cwd=project, PYTHONPATH=path)
    assert tested.returncode == 0, tested.stdout
    assert f"{len(PASSED)} passed, {len(CHECKS) - len(PASSED)} skipped" in tested.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_project_installs(project, tmp_path, new_environment, builder):
    """With pip, in an environment of its own that sees this one's packages and those that its file asks for to build it."""
    pip = new_environment(tmp_path, builder, sysconfig.get_path("purelib"))
    pip("install", "--no-deps", "--no-build-isolation", "--check-build-dependencies", project)
    python = tmp_path / "venv" / "bin" / "python"
    _verify(_run(python, "-m", "infer_compare", "plugin", "check", "warp_drive", "--json", cwd=tmp_path))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Warp", "'Warp' cannot be the name of a backend"),
        ("warp-drive", "'warp-drive' cannot be the name of a backend"),
        ("2fast", "'2fast' cannot be the name of a backend"),
        ("../up", "'../up' cannot be the name of a backend"),
        ("class", "'class' is a word of Python's"),
        ("torch", "There is a backend 'torch' already"),
        ("ort", "There is a backend 'ort' already"),
    ],
)
def test_a_name_that_no_backend_can_have_is_refused(cli, tmp_path, name, sentence):
    """Before anything is written."""
    done = cli("plugin", "new", name)
    assert done.code == 2
    assert sentence in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(cli, tmp_path):
    """Even an empty one."""
    (tmp_path / "mine").mkdir()
    done = cli("plugin", "new", "warp", "-o", "mine")
    assert done.code == 2
    assert "mine is there already" in done.err
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(cli, tmp_path):
    """Here, below a file."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = cli("plugin", "new", "warp", "-o", "file/mine")
    assert done.code == 2
    assert "cannot be written" in done.err


@pytest.mark.linux
def test_a_project_that_cannot_be_written_to_its_end_leaves_no_folder(cli, tmp_path, monkeypatch):
    """As on a full disk; the same command works once there is room."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        done = cli("plugin", "new", "warp", "-o", "mine")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert done.code == 2
    assert "mine cannot be written (File too large)" in done.err
    assert list(tmp_path.iterdir()) == []
