"""`-b my_backend.py:MyBackend`: a backend without a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from fault_injection import fake
from fault_injection.fake import FakeBackend
from infer_compare.errors import BackendUnusable, UnknownBackend
from infer_compare.plugins import Plugins, load_backend

from .conftest import HEAD  # type: ignore[import-not-found]

FAKE = Path(fake.__file__)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file with a sound backend, one without methods, and one of a name that is taken."""
    path = tmp_path / "mine.py"
    path.write_text(
        HEAD + "class Empty(Backend):\n    name = 'empty'\n    capabilities = Sound.capabilities\n"
        "class Taken(Sound):\n    name = 'torch'\nnumber = 3\n",
        encoding="utf-8",
    )
    return path


def test_a_class_of_a_file_can_be_asked_for(source: Path) -> None:
    """A worker finds it again by its path."""
    plugins = Plugins()
    entry = plugins.add_file(source, "Sound")
    assert plugins.find("sound") is entry
    assert str(entry.origin) == f"{source}:Sound"
    assert load_backend(entry.reference).name == "sound"


def test_a_relative_path_holds_for_a_worker_elsewhere(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is absolute."""
    monkeypatch.chdir(source.parent)
    assert Plugins().add_file(Path("mine.py"), "Sound").reference == f"file:{source.resolve()}:Sound"


def test_a_path_with_a_colon_is_a_path(tmp_path: Path) -> None:
    """The class is what stands after the last one."""
    path = tmp_path / "a:b.py"
    path.write_text(HEAD, encoding="utf-8")
    assert load_backend(Plugins().add_file(path, "Sound").reference).name == "sound"


def test_asking_for_a_class_twice_is_one_backend() -> None:
    """Two contenders may run the same class with other options."""
    plugins = Plugins()
    assert plugins.add_file(FAKE, "FakeBackend") is plugins.add_file(FAKE, "FakeBackend")
    assert [entry.name for entry in plugins.backends] == [FakeBackend.name]


def test_a_missing_file_and_a_missing_class_are_told_apart(source: Path) -> None:
    """Each in one sentence; a folder is no file, and a number is no class."""
    plugins = Plugins()
    with pytest.raises(UnknownBackend, match=r"There is no backend file .*gone\.py"):
        plugins.add_file(source.with_name("gone.py"), "Sound")
    with pytest.raises(UnknownBackend, match="There is no backend file"):
        plugins.add_file(source.parent, "Sound")
    with pytest.raises(UnknownBackend, match="has no class Sounds"):
        plugins.add_file(source, "Sounds")
    with pytest.raises(UnknownBackend, match="has no class number"):
        plugins.add_file(source, "number")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import a_module_that_is_not_there", "raised ModuleNotFoundError"),
        ("def (:", "raised SyntaxError"),
        ("raise SystemExit", "raised SystemExit"),
        ("\0", "raised (SyntaxError|ValueError)"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_with_the_error(tmp_path: Path, text: str, reason: str) -> None:
    """Whatever it raises."""
    path = tmp_path / "broken.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BackendUnusable, match=reason):
        Plugins().add_file(path, "Sound")


def test_a_file_of_another_language_is_refused(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "backend.txt").write_text(HEAD, encoding="utf-8")
    with pytest.raises(BackendUnusable, match="is not a Python file"):
        Plugins().add_file(tmp_path / "backend.txt", "Sound")


def test_a_class_that_does_not_fit_is_refused_with_what_is_missing(source: Path) -> None:
    """And nothing of it is registered."""
    plugins = Plugins()
    with pytest.raises(BackendUnusable, match="empty does not implement classify, devices, load, to_device, version"):
        plugins.add_file(source, "Empty")
    assert plugins.backends == ()


def test_a_class_whose_name_is_taken_is_refused_with_both_origins(source: Path) -> None:
    """The installed plugin and the file."""
    plugins = Plugins.discover(block=["*"])
    with pytest.raises(
        BackendUnusable, match=r"'torch' is already taken by torch \(infer-compare .*mine\.py:Taken needs another name"
    ):
        plugins.add_file(source, "Taken")
