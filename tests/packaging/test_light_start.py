"""What starting costs: the command line and the core load no framework, and need none."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

FRAMEWORKS = ("torch", "onnxruntime", "tensorflow", "keras", "ray")
BLOCKING = """
import importlib.abc, sys

class Tripwire(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, Tripwire())
"""
"""Makes the frameworks look as if they were not installed."""


def _python(source, *, cwd):
    return subprocess.run(
        [sys.executable, "-c", source], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


def _modules_after(source, cwd):
    """The top-level modules that are loaded when the source has run."""
    done = _python(
        f"{source}\nimport json, sys\nprint(json.dumps(sorted({{n.partition('.')[0] for n in sys.modules}})))", cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def _command(*arguments):
    return f"""
from infer_compare.cli import main
try:
    main({list(arguments)!r})
except SystemExit as ended:
    assert not ended.code, ended.code
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("run", "--help"),
        ("capacity", "--help"),
        ("backends",),
        ("backends", "torch"),
        ("models",),
        ("schema", "run"),
    ],
    ids=" ".join,
)
def test_a_command_that_runs_no_model_imports_no_framework(arguments, tmp_path):
    """Looking around is quick, and works where a framework is broken."""
    assert not _modules_after(_command(*arguments), tmp_path) & set(FRAMEWORKS)


def test_help_imports_nothing_heavy(tmp_path):
    """Neither numpy nor rich, nor a command."""
    loaded = _modules_after(_command("--help"), tmp_path)
    assert not loaded & {*FRAMEWORKS, "numpy", "onnx", "rich", "psutil", "jinja2"}


@pytest.mark.parametrize("module", ["infer_compare", "infer_compare.backends", "infer_compare.reports"])
def test_what_a_plugin_imports_is_light(module, tmp_path):
    """Every plugin imports it in every process."""
    heavy = {*FRAMEWORKS, "numpy", "onnx", "rich", "click", "jinja2", "psutil"}
    assert not _modules_after(f"import {module}", tmp_path) & heavy


def test_every_module_of_the_core_can_be_imported_without_a_framework(tmp_path):
    """All of them, with every framework blocked."""
    source = BLOCKING.format(names=set(FRAMEWORKS)) + (
        "import importlib, pkgutil, infer_compare\n"
        "names = [one.name for one in pkgutil.walk_packages(infer_compare.__path__, 'infer_compare.')]\n"
        "assert len(names) > 50, names\n"
        "for name in names:\n"
        "    if not name.endswith('__main__'):\n"
        "        importlib.import_module(name)\n"
    )
    assert not _modules_after(source, tmp_path) & set(FRAMEWORKS)


@pytest.mark.parametrize("backend", ["torch", "onnx", "tensorflow", "reference"])
def test_a_backend_is_listed_without_its_framework(backend, tmp_path):
    """The classes are framework-free."""
    source = BLOCKING.format(names=set(FRAMEWORKS)) + (
        "from infer_compare.plugins import Plugins\n"
        "plugins = Plugins.discover()\n"
        "assert not plugins.broken, plugins.broken\n"
        f"plugins.find({backend!r})\n"
    )
    assert not _modules_after(source, tmp_path) & set(FRAMEWORKS)
