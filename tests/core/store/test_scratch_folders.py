"""Temporary folders: a process removes what it made, and what the dead have left; never anything of others."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fault_injection import fake
from infer_compare.cli import main
from infer_compare.scratch import LOCK, MARK, PREFIX, Scratch, remove_abandoned

if TYPE_CHECKING:
    from collections.abc import Callable

STORED = Path(__file__).parents[3] / "docs" / "example" / "run.jsonl"
FAKE = f"{fake.__file__}:FakeBackend"


@pytest.fixture
def abandoned() -> Callable[[Path], Path]:
    """Returns a temporary folder whose owner was killed."""

    def make(place: Path) -> Path:
        before = set(place.iterdir())
        child = os.fork()
        if child == 0:
            folder = Scratch(place).path
            (folder / "inputs").mkdir()
            (folder / "inputs" / "x.npy").write_bytes(b"0")
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        (folder,) = set(place.iterdir()) - before
        return folder

    return make


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the user's in the working folder, in a folder with a name as a tool would take."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ".scratch" / "mine"
    path.parent.mkdir()
    path.write_text("of the user", encoding="utf-8")
    return path


def run(*arguments: str) -> object:
    """Run the command line in this process, and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return ended.value.code


@pytest.mark.parametrize(
    ("arguments", "code", "files"),
    [
        (("run", "mlp", "-b", "nobody", "-o", "."), 2, set()),
        (("run", "unreadable.onnx", "-b", "reference", "-o", "."), 2, set()),
        (("check", "mlp", "-b", FAKE, "--batch-sizes", "1"), 0, set()),
        pytest.param(
            ("run", "mlp", "-b", FAKE, "--batch-sizes", "1", "--quick", "--threads", "1", "-o", "."),
            None,
            {"run.jsonl"},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["a backend that is not known", "a model that cannot be read", "a check", "a whole run"],
)
def test_a_run_in_a_folder_of_the_user_leaves_the_users_files(
    mine: Path, arguments: tuple[str, ...], code: int | None, files: set[str]
) -> None:
    """Whether it is refused or ends well; of its own it leaves the run file."""
    place = mine.parent.parent
    (place / "unreadable.onnx").write_bytes(b"no model")
    ended = run(*arguments)
    assert code is None or ended == code
    assert {one.name for one in place.iterdir()} == files | {".scratch", "unreadable.onnx"}
    assert mine.read_text(encoding="utf-8") == "of the user"


def test_a_report_of_the_users_is_not_written_over_by_a_new_run(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused before anything is measured."""
    report = mine.parent.parent / "report.md"
    report.write_text("of the user", encoding="utf-8")
    assert run("run", "mlp", "-b", FAKE, "--report", "markdown", "-o", ".") == 2
    assert "report.md exists already; choose another run folder" in capsys.readouterr().err
    assert report.read_text(encoding="utf-8") == "of the user"


def test_what_a_killed_process_left_is_removed_by_the_next_in_the_same_folder(
    mine: Path, abandoned: Callable[[Path], Path]
) -> None:
    """Also where that one is refused."""
    place = mine.parent.parent
    left = abandoned(place)
    assert (left / "inputs" / "x.npy").exists()
    assert run("run", "mlp", "-b", "nobody", "-o", ".") == 2
    assert [one.name for one in place.iterdir()] == [".scratch"]


def test_resuming_a_run_removes_what_a_killed_process_left(mine: Path, abandoned: Callable[[Path], Path]) -> None:
    """Also where nothing of the run is left to do."""
    place = mine.parent.parent
    (place / "run.jsonl").write_bytes(STORED.read_bytes())
    abandoned(place)
    assert run("run", "--resume", ".", "--json") in {0, 1}
    assert sorted(one.name for one in place.iterdir()) == [".scratch", "run.jsonl"]


def test_a_folder_whose_owner_lives_is_left_alone(tmp_path: Path) -> None:
    """Two at the same time in one place do not remove each other's."""
    with Scratch(tmp_path) as first:
        (first / "inputs").write_bytes(b"0")
        with Scratch(tmp_path) as second:
            assert first != second
            remove_abandoned(tmp_path)
            assert second.is_dir()
        assert (first / "inputs").exists()
    assert list(tmp_path.iterdir()) == []


def test_what_only_looks_abandoned_is_left_alone(tmp_path: Path) -> None:
    """A folder without our mark, one of another name, and links in the place of either."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / LOCK).write_bytes(MARK)
    place = tmp_path / "place"
    for name in (f"{PREFIX}aaaaaaaa", f"{PREFIX}bbbbbbbb", f"{PREFIX}cccccccc", f"{PREFIX}notes", "mine"):
        (place / name).mkdir(parents=True)
    (place / f"{PREFIX}bbbbbbbb" / LOCK).write_bytes(b"of the user")
    (place / f"{PREFIX}cccccccc" / LOCK).symlink_to(outside / LOCK)
    (place / f"{PREFIX}notes" / LOCK).write_bytes(MARK)
    (place / "mine" / LOCK).write_bytes(MARK)
    (place / f"{PREFIX}dddddddd").symlink_to(outside)
    before = sorted(place.rglob("*"))
    remove_abandoned(place)
    assert sorted(place.rglob("*")) == before
    assert (outside / LOCK).exists()


def test_links_in_a_temporary_folder_are_removed_and_not_followed(
    tmp_path: Path, abandoned: Callable[[Path], Path]
) -> None:
    """What they name is of somebody else."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "mine").write_text("of the user", encoding="utf-8")
    place = tmp_path / "place"
    place.mkdir()
    (abandoned(place) / "link").symlink_to(tmp_path / "outside")
    with Scratch(place) as folder:
        (folder / "link").symlink_to(tmp_path / "outside")
    assert list(place.iterdir()) == []
    assert (tmp_path / "outside" / "mine").exists()


@pytest.mark.parametrize("taken", [True, False])
def test_a_live_model_that_cannot_be_run_leaves_the_users_files(mine: Path, *, taken: bool) -> None:
    """Neither a file of the model's name nor any other; what was saved of the model is gone."""
    import infer_compare as ic
    from infer_compare.errors import UsageError
    from infer_compare.models.builtin import builtin_models

    place = mine.parent.parent
    if taken:
        (place / "model.onnx").write_bytes(b"of the user")
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    model = builtin_models()["mlp"].build(0)
    with pytest.raises(UsageError, match="model.onnx exists already" if taken else "nobody"):
        ic.sweep(model, contenders=["nobody"], folder=".")
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
