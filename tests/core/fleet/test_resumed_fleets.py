"""A fleet that was interrupted, killed or left incomplete is resumed from its folder."""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.errors import InferCompareError, StorageFull, StoreError, UsageError
from infer_compare.fleet.events import FleetObserver
from infer_compare.fleet.guarded_launcher import GuardedLauncher
from infer_compare.fleet.ledger import Ledger, read_ledger
from infer_compare.fleet.records import AttemptEnd
from infer_compare.interfaces.launchers import Ended, Lost
from infer_compare.interruption import Interrupted
from played_launcher import Played, PlayedLauncher, machine, partly, well

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces.launchers import Job
    from played_launcher import Script

TWO = (machine("a"), machine("b"))


def test_resuming_runs_only_what_is_missing(fleet: Callable[..., Played]) -> None:
    """Attempts are counted on."""

    def play(job: Job) -> Script:
        return partly(job, Lost(job=job.id, attempt=job.attempt, why="gone")) if "cnn" in job.id else well(job)

    launcher = PlayedLauncher(TWO, play)
    played = fleet(launcher, models=["mlp", "cnn"])
    assert sorted(job.state for job in played.run().values()) == ["done", "lost"]
    before = len(launcher.started)
    launcher.play = well
    jobs = played.resume()
    assert {job.state for job in jobs.values()} == {"done"}
    (again,) = launcher.started[before:]
    assert "cnn" in again.id
    assert again.attempt == 3


def test_what_is_left_unanswered_is_run_again_where_that_is_asked_for(fleet: Callable[..., Played]) -> None:
    """As where the machine was busy."""
    launcher = PlayedLauncher(TWO, lambda job: well(job, rc=1))
    played = fleet(launcher)
    played.run()
    assert [job.state for job in played.resume().values()] == ["incomplete"]
    assert len(launcher.started) == 1
    launcher.play = well
    assert [job.state for job in played.resume(incomplete=True).values()] == ["done"]


def test_an_interrupt_stops_all_jobs_waits_for_them_and_closes(fleet: Callable[..., Played]) -> None:
    """What they ended with is in the ledger, and they can be resumed."""
    interrupts = iter([Interrupted()])

    def play(job: Job) -> Script:
        return partly(job, next(interrupts, None))

    launcher = PlayedLauncher(TWO, play)
    played = fleet(launcher, models=["mlp", "cnn"])
    with pytest.raises(KeyboardInterrupt) as interrupt:
        played.run()
    assert f"infer-compare fleet resume {played.folder}" in interrupt.value.__notes__[0]
    assert sorted(launcher.stopped) == sorted(played.standing())
    assert {job.state for job in played.standing().values()} == {"stopped"}
    assert launcher.now < 9
    assert launcher.closed
    launcher.play = well
    assert {job.state for job in played.resume().values()} == {"done"}


@pytest.mark.parametrize("name", ["my fleet", "it's here", "fleet"])
def test_the_command_that_resumes_an_interrupted_fleet_can_be_pasted(tmp_path: Path, name: str) -> None:
    """Whatever its folder is called."""
    folder = tmp_path / name
    played = Played(folder, PlayedLauncher(TWO, lambda job: partly(job, Interrupted())))
    with pytest.raises(KeyboardInterrupt) as interrupt:
        played.run()
    (note,) = interrupt.value.__notes__
    assert note.startswith("Resume with: ")
    assert shlex.split(note.removeprefix("Resume with: ")) == ["infer-compare", "fleet", "resume", str(folder)]


def test_jobs_that_do_not_end_when_asked_are_left_to_the_launcher_after_some_seconds(
    fleet: Callable[..., Played],
) -> None:
    """The launcher ends what it has started when it is closed."""
    launcher = PlayedLauncher(TWO, lambda job: partly(job, Interrupted()))
    launcher.unheard_of_stop = True
    played = fleet(launcher)
    with pytest.raises(KeyboardInterrupt):
        played.run()
    assert launcher.now < 25
    assert launcher.closed


def test_a_second_interrupt_does_not_wait(fleet: Callable[..., Played]) -> None:
    """Whoever presses twice does not want to wait."""

    def play(job: Job) -> Script:
        return [*partly(job, Interrupted()), (7.0, Interrupted())]

    launcher = PlayedLauncher(TWO, play)
    launcher.unheard_of_stop = True
    played = fleet(launcher)
    with pytest.raises(KeyboardInterrupt) as interrupt:
        played.run()
    assert any(note.startswith("Resume with: infer-compare fleet resume ") for note in interrupt.value.__notes__)
    assert launcher.now < 8
    assert launcher.closed
    assert [job.state for job in played.standing().values()] == ["stopped"]


def test_a_driver_that_was_killed_is_resumed(fleet: Callable[..., Played]) -> None:
    """An attempt without an end counts as not run."""

    class Killed(BaseException):
        """Nothing is written any more, as after a kill -9."""

    launcher = PlayedLauncher(TWO, lambda job: partly(job, Killed()))
    played = fleet(launcher)
    with pytest.raises(Killed):
        played.run()
    assert [job.state for job in played.standing().values()] == ["waiting"]
    launcher.play = well
    (job,) = played.resume().values()
    assert (job.state, job.attempt) == ("done", 2)


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 1))
def test_whatever_was_cut_off_the_ledger_it_is_read_as_far_as_it_is_whole(
    share: float, tmp_path_factory: pytest.TempPathFactory, ledger_bytes: bytes
) -> None:
    """And what is appended then begins on a new line."""
    folder = tmp_path_factory.mktemp("cut")
    first = ledger_bytes.index(b"\n") + 1
    cut = first + round(share * (len(ledger_bytes) - first))
    (folder / "fleet.jsonl").write_bytes(ledger_bytes[:cut])
    _, entries = read_ledger(folder)
    assert len(entries) == ledger_bytes[first:cut].count(b"\n")
    with Ledger(folder, create=False) as ledger:
        ledger.append(AttemptEnd(job="x", attempt=1, at="", state="lost"))
    assert len(read_ledger(folder)[1]) == len(entries) + 1


@pytest.fixture(scope="module")
def ledger_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the ledger of a fleet of two jobs."""
    folder = tmp_path_factory.mktemp("fleet") / "fleet"
    Played(folder, PlayedLauncher(TWO, well), models=["mlp", "cnn"]).run()
    return (folder / "fleet.jsonl").read_bytes()


def _full_after(lines: int, name: str) -> Callable[[int, memoryview], int]:
    """What writes to a disk that takes so many lines of a file, and then half a line."""
    own, written = os.write, 0

    def write(descriptor: int, data: memoryview) -> int:
        nonlocal written
        if Path(f"/proc/self/fd/{descriptor}").readlink().name != name:
            return own(descriptor, data)
        written += 1
        if written <= lines:
            return own(descriptor, data)
        if written == lines + 1:
            return own(descriptor, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return write


@pytest.mark.linux
def test_a_ledger_for_which_there_is_no_room_stays_whole_and_says_how_to_go_on(
    tmp_path: Path, ledger_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder whose name has to be quoted."""
    folder = tmp_path / "my fleet"
    folder.mkdir()
    (folder / "fleet.jsonl").write_bytes(ledger_bytes)
    with Ledger(folder, create=False) as ledger:
        monkeypatch.setattr(os, "write", _full_after(0, "fleet.jsonl"))
        with pytest.raises(StorageFull, match=f"continue with: infer-compare fleet resume '{folder}'"):
            ledger.append(AttemptEnd(job="x", attempt=1, at="", state="lost"))
    assert (folder / "fleet.jsonl").read_bytes() == ledger_bytes


@pytest.mark.linux
def test_a_fleet_for_whose_first_line_there_is_no_room_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that was there before, which another fleet can then have."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _full_after(0, "fleet.jsonl"))
        with pytest.raises(StorageFull, match=r"The disk of .* is full; free some space, or choose another folder"):
            Played(folder, PlayedLauncher(TWO, well))
    assert not list(folder.iterdir())
    assert {job.state for job in Played(folder, PlayedLauncher(TWO, well)).run().values()} == {"done"}


def test_a_half_line_at_the_end_of_a_run_file_leaves_the_run_readable(fleet: Callable[..., Played]) -> None:
    """The record that was cut is left out."""
    from infer_compare.api import load_run

    played = fleet(PlayedLauncher(TWO, well))
    (name,) = played.run()
    path = played.folder / name / "run.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert not load_run(path).damage


def test_a_fleet_that_is_still_running_is_not_resumed(fleet: Callable[..., Played]) -> None:
    """Two drivers would start every job twice."""
    played = fleet(PlayedLauncher(TWO, well))
    with Ledger(played.folder, create=False), pytest.raises(StoreError, match="is still running"):
        Ledger(played.folder, create=False)


def test_a_folder_without_a_fleet_and_one_of_another_program_are_refused(tmp_path: Path) -> None:
    """Each in its own sentence."""
    with pytest.raises(StoreError, match="There is no fleet in"):
        read_ledger(tmp_path)
    (tmp_path / "fleet.jsonl").write_text('{"type":"ships"}\n', encoding="utf-8")
    with pytest.raises(StoreError, match="is not the ledger of a fleet"):
        read_ledger(tmp_path)


@pytest.mark.parametrize("outside", ["../mlp", "..", "/mlp", ""])
def test_a_job_whose_folder_would_lie_outside_the_fleet_is_refused(fleet: Callable[..., Played], outside: str) -> None:
    """Nothing is read or written there, whoever wrote the ledger."""
    ledger = fleet(PlayedLauncher(TWO, well)).folder / "fleet.jsonl"
    asked, _ = read_ledger(ledger.parent)
    moved = msgspec.structs.replace(asked, jobs=(msgspec.structs.replace(asked.jobs[0], id=outside),))
    ledger.write_bytes(msgspec.json.encode(moved) + b"\n")
    with pytest.raises(StoreError, match="cannot have a folder of that name; begin a new fleet"):
        read_ledger(ledger.parent)


def test_a_folder_that_holds_a_fleet_is_not_written_over(fleet: Callable[..., Played]) -> None:
    """Its ledger stays as it is."""
    played = fleet(PlayedLauncher(TWO, well))
    before = (played.folder / "fleet.jsonl").read_bytes()
    with pytest.raises(StoreError, match="already holds a fleet"):
        fleet(PlayedLauncher(TWO, well))
    assert (played.folder / "fleet.jsonl").read_bytes() == before


def test_a_file_that_is_gone_is_named_before_anything_is_resumed(fleet: Callable[..., Played]) -> None:
    """Such as a model that was moved."""

    def play(job: Job) -> Script:
        return [(1.0, Ended(job=job.id, attempt=1, rc=2, stderr="no"))]

    played = fleet(PlayedLauncher(TWO, play))
    played.run()
    for path in (played.folder / "files").rglob("options.toml"):
        path.unlink()
    with pytest.raises(UsageError, match="not there any more"):
        played.resume()


def test_those_who_watch_hear_of_each_start_and_each_end(fleet: Callable[..., Played]) -> None:
    """Also of attempts that are followed by another."""
    heard: list[str] = []

    class Watcher(FleetObserver):
        def started(self, job: object) -> None:
            heard.append("started")

        def ended(self, job: object, state: str) -> None:
            heard.append(state)

    def play(job: Job) -> Script:
        return partly(job, Lost(job=job.id, attempt=1, why="gone")) if job.attempt == 1 else well(job)

    fleet(PlayedLauncher(TWO, play)).run(Watcher())
    assert heard == ["started", "lost", "started", "done"]


def test_a_launcher_that_raises_is_named_and_closed(fleet: Callable[..., Played]) -> None:
    """An error of a plugin is none of ours."""
    launcher = PlayedLauncher(TWO, lambda job: partly(job, ZeroDivisionError("no machines left")))
    played = fleet(launcher)
    played.launcher = GuardedLauncher(launcher)  # type: ignore[assignment]
    with pytest.raises(InferCompareError, match="launcher played failed while waiting for jobs: ZeroDivisionError"):
        played.run()
    assert launcher.closed


def test_a_job_that_was_done_stays_so_where_an_interrupt_was_noted_after_its_end(fleet: Callable[..., Played]) -> None:
    """It is not run again."""
    launcher = PlayedLauncher(TWO, well)
    played = fleet(launcher)
    (name,) = played.run()
    with Ledger(played.folder, create=False) as ledger:
        ledger.append(AttemptEnd(job=name, attempt=1, at="", state="stopped"))
    assert [job.state for job in played.resume().values()] == ["done"]
    assert len(launcher.started) == 1
