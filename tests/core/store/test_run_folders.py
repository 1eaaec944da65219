"""Run folders: made where nothing is, found, and listed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.errors import StoreError
from infer_compare.results import Closing
from infer_compare.store import FILE, RunLog, default_folder, list_runs, load, make_folder, run_file

from .conftest import note, small_header  # type: ignore[import-not-found]


def store(folder: Path, *, closing: str | None = None) -> Path:
    """A stored run."""
    make_folder(folder)
    with RunLog(folder / FILE, create=True) as log:
        log.append(small_header())
        if closing:
            log.append(Closing(state=closing, elapsed_s=1.0))  # type: ignore[arg-type]
    return folder


def begin(folder: Path) -> None:
    """Make a run folder and its file."""
    make_folder(folder)
    RunLog(folder / FILE, create=True)


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    """And an empty one that is there is taken."""
    assert make_folder(tmp_path / "a" / "b") == (tmp_path / "a" / "b", tmp_path / "a")
    assert (tmp_path / "a" / "b").is_dir()
    assert make_folder(tmp_path / "a" / "b") == ()


def test_a_folder_that_holds_a_run_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Another folder, or going on with that run."""
    store(tmp_path / "one")
    with pytest.raises(StoreError, match="already holds a run; choose another folder with -o"):
        make_folder(tmp_path / "one")


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    """At the end of the path and on the way there."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="is a file, not a folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(StoreError, match="cannot be created: Not a directory"):
        make_folder(tmp_path / "file" / "below")


def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(forbidden: Path) -> None:
    """Whether it is there, is to be made, or cannot even be looked into."""
    with pytest.raises(StoreError, match="choose another with -o"):
        make_folder(forbidden / "new")
    with pytest.raises(StoreError, match="writ"):
        begin(forbidden)
    with pytest.raises(StoreError, match="writ"):
        begin(forbidden / "closed")
    with pytest.raises(StoreError, match="choose another with -o"):
        make_folder(forbidden / "closed" / "below")


def test_a_folder_that_cannot_be_looked_into_is_listed_as_none(forbidden: Path) -> None:
    """The others are listed all the same."""
    assert list(list_runs(forbidden)) == []
    with pytest.raises(StoreError, match="cannot be read"):
        load(forbidden / "closed" / FILE)


def test_a_run_is_found_by_its_folder_and_by_its_file(tmp_path: Path) -> None:
    """Both name the same run."""
    folder = store(tmp_path / "one")
    assert run_file(folder) == run_file(folder / FILE) == folder / FILE
    assert load(folder) == load(folder / FILE)


def test_a_run_that_is_not_there_is_told_with_where_to_look(tmp_path: Path) -> None:
    """A missing folder, and a folder of something else."""
    with pytest.raises(StoreError, match="infer-compare runs"):
        load(tmp_path / "none")
    with pytest.raises(StoreError, match=r"has no run\.jsonl"):
        load(tmp_path)


def test_runs_are_listed_by_name_with_their_state(tmp_path: Path) -> None:
    """Complete, interrupted, stopped and unreadable ones; other folders and files are not runs."""
    store(tmp_path / "1-whole", closing="complete")
    store(tmp_path / "2-cut")
    store(tmp_path / "3-stopped", closing="stopped")
    store(tmp_path / "4-damaged")
    (tmp_path / "4-damaged" / FILE).write_text("rubbish\n", encoding="utf-8")
    (tmp_path / "5-other").mkdir()
    (tmp_path / "6-file").write_text("", encoding="utf-8")
    listed = list(list_runs(tmp_path))
    assert [Path(run.path).name for run in listed] == ["1-whole", "2-cut", "3-stopped", "4-damaged"]
    assert [run.state for run in listed[:3]] == ["complete", "interrupted", "stopped"]
    assert listed[3].state.startswith("unreadable: ")
    assert (listed[0].model, listed[0].contenders) == ("cnn", ("a", "b", "c"))


def test_no_folder_of_runs_is_an_empty_list(tmp_path: Path) -> None:
    """Before the first run."""
    assert list(list_runs(tmp_path / "runs")) == []


@settings(deadline=None)
@given(model=st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_default_folder_lies_in_its_root_whatever_the_model_is_called(model: str) -> None:
    """No separators, no blanks, nothing hidden."""
    folder = default_folder(model.replace("\0", ""), Path("runs"))
    assert folder.parent == Path("runs")
    assert not folder.name.endswith(("-", "."))
    assert not any(one.isspace() or one == "/" for one in folder.name)


def test_a_default_folder_that_is_taken_gets_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of one model may begin in the same second."""
    monkeypatch.setattr(Path, "exists", lambda path: path.name.endswith(("-cnn", "-cnn-2")))
    assert default_folder("models/cnn.onnx", tmp_path).name.endswith("-cnn-3")


def test_a_resumed_run_lists_as_one(tmp_path: Path) -> None:
    """Records that were added later belong to the same run."""
    folder = store(tmp_path / "one")
    with RunLog(folder / FILE, create=False) as log:
        log.append(note(1))
        log.append(Closing(state="complete", elapsed_s=2.0))
    (listed,) = list_runs(tmp_path)
    assert listed.state == "complete"


def test_a_run_that_is_going_on_is_listed_as_running(tmp_path: Path) -> None:
    """Also one that was interrupted and is being resumed; when its writer has gone it is interrupted."""
    folder = store(tmp_path / "one", closing="interrupted")
    with RunLog(folder / FILE, create=False):
        assert [run.state for run in list_runs(tmp_path)] == ["running"]
    assert [run.state for run in list_runs(tmp_path)] == ["interrupted"]


def test_looking_at_a_run_does_not_stop_its_writer(tmp_path: Path) -> None:
    """The lock of the one who looks is given back at once."""
    folder = store(tmp_path / "one")
    assert [run.state for run in list_runs(tmp_path)] == ["interrupted"]
    with RunLog(folder / FILE, create=False) as log:
        list(list_runs(tmp_path))
        log.append(note(1))
