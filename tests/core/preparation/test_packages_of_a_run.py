"""Which versions a run records: those of what takes part in it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from infer_compare.plugins import Plugins
from infer_compare.preparation.resolve import resolve
from infer_compare.request.options import RunOptions
from infer_compare.worker.client import InProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.results import Header

BACKEND = """
from idle_backend import Idle
from infer_compare.backends import Capabilities


class Mine(Idle):
    name = "mine"
    rests_on = ("jaxlib", "their-kernels", "never-installed")
    variables = ("MINE_",)
    capabilities = Capabilities(formats=("onnx",))


class Other(Mine):
    name = "other"
    rests_on = ("their-other",)
    variables = ("OTHER_",)
"""


@pytest.fixture
def provide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs distributions that hold nothing."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def install(**versions: str) -> None:
        for name, version in versions.items():
            info = tmp_path / "site" / f"{name}-{version}.dist-info"
            info.mkdir(parents=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        importlib.invalidate_caches()

    return install


@pytest.fixture
def header(tmp_path: Path) -> Callable[..., Header]:
    """The header of a run of contenders of two backends."""
    file = tmp_path / "mine.py"
    file.write_text(BACKEND, encoding="utf-8")

    def of(*contenders: str, **options: Any) -> Header:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        names = tuple(f"{file}:{contender}" for contender in contenders)
        return resolve(
            RunOptions(model="mlp", contenders=names, threads=1, **options),
            Plugins.discover(block=["*"]),
            scratch,
            launch=lambda _python, **_limits: InProcess(),
        ).header

    return of


def test_what_a_framework_rests_on_is_recorded_with_its_contenders(header, provide) -> None:
    """What is not installed is left out, and so are frameworks that take no part."""
    provide(jaxlib="0.5", their_kernels="2.0", their_other="3.0")
    found = header("Mine:label=a")
    assert [spec.packages for spec in found.contenders] == [{"jaxlib": "0.5", "their-kernels": "2.0"}]
    assert set(found.environment.packages) == {"infer-compare", "numpy", "onnx"}


def test_each_contender_has_its_own(header, provide) -> None:
    """Those of all are what this interpreter brought to the run."""
    provide(jaxlib="0.5", their_other="3.0")
    found = header("Mine:label=a", "Other:label=b")
    assert [spec.packages for spec in found.contenders] == [{"jaxlib": "0.5"}, {"their-other": "3.0"}]
    assert set(found.packages) == {"infer-compare", "numpy", "onnx", "jaxlib", "their-other"}


def test_versions_of_another_interpreter_are_asked_there(header, provide) -> None:
    """What is on this one's path says nothing of it."""
    provide(jaxlib="0.5")
    found = header(f"Mine:label=a,python={sys.executable}")
    assert [spec.packages for spec in found.contenders] == [{}]
    assert "jaxlib" not in found.packages


def test_variables_of_frameworks_that_take_no_part_are_not_recorded(header, monkeypatch) -> None:
    """They change nothing in it."""
    monkeypatch.setenv("MINE_SPEED", "2")
    monkeypatch.setenv("OTHER_SPEED", "3")
    assert {name for name in header("Mine:label=a").environment.variables if "SPEED" in name} == {"MINE_SPEED"}
