"""Distributions with plugins, installed in a folder on the path for the length of a test."""

from __future__ import annotations

import importlib
import sys
import textwrap
from typing import TYPE_CHECKING, NamedTuple

import pytest

from infer_compare.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HEAD = """
from infer_compare import hookimpl
from infer_compare.backends import API_VERSION, Backend, BuiltinModel, Capabilities, Options

class Sound(Backend):
    name = "sound"
    capabilities = Capabilities(formats=("onnx",))
    def version(self): return "1"
    def devices(self): return ()
    def load(self, model): return model
    def to_device(self, loaded, device): raise NotImplementedError
    def classify(self, error): raise NotImplementedError
"""
"""A backend that nothing is wrong with, for sources to build upon."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Installs a distribution with one plugin: a module, its metadata, and its entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules: list[str] = []

    def make(name: str, source: str, *, distribution: str = "", module: str = "") -> None:
        module = module or f"plugin_{tmp_path.name}_{name}"
        distribution = distribution or f"infer-compare-{name}"
        modules.append(module)
        (tmp_path / f"{module}.py").write_text(HEAD + textwrap.dedent(source), encoding="utf-8")
        info = tmp_path / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[infer_compare]\n{name} = {module}\n", encoding="utf-8")
        importlib.invalidate_caches()

    yield make
    for module in modules:
        sys.modules.pop(module, None)


class Result(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `infer-compare` with arguments in the test's folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        printed = capsys.readouterr()
        return Result(int(ended.value.code or 0), printed.out, printed.err)

    return run
