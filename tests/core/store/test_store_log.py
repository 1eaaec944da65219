"""The run file: what was acknowledged is whole, whatever happens."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from infer_compare.errors import StorageFull, StoreError
from infer_compare.results import Header, Run
from infer_compare.store import FILE, RunLog, read_records, read_run

from .conftest import note, runs, small_header, values  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from infer_compare.results import AnyRecord

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine that is busy makes no test fail."""


def write(path: Path, records: list[AnyRecord]) -> Path:
    """Stores records, and returns the path of their file."""
    with RunLog(path, create=True) as log:
        for record in records:
            log.append(record)
    return path


@settings(BUSY, max_examples=60)
@given(records=runs())
def test_records_read_back_as_they_were_written(folders: Callable[[], Path], records: list[AnyRecord]) -> None:
    """Whatever text, figures and outcomes they hold."""
    path = write(folders() / FILE, records)
    assert read_records(path) == records
    assert read_run(path) == Run.fold(records)


@settings(BUSY, max_examples=25)
@given(header=values(inspect.type_info(Header)))
def test_a_header_of_any_content_reads_back(folders: Callable[[], Path], header: Header) -> None:
    """As long as it says what it is, and of which version."""
    header = msgspec.structs.replace(header, schema="infer-compare/run", version=(3, 7))
    assert read_records(write(folders() / FILE, [header])) == [header]


@settings(BUSY, max_examples=60)
@given(records=runs(), data=st.data())
def test_a_file_cut_anywhere_holds_the_records_before_the_cut(
    folders: Callable[[], Path], records: list[AnyRecord], data: st.DataObject
) -> None:
    """A crash in the middle of a record costs that record; going on appends after the last whole one."""
    path = write(folders() / FILE, records)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    kept = whole[:cut].count(b"\n")
    if not kept:
        with pytest.raises(StoreError, match="ended before its first record"):
            read_records(path)
        return
    assert read_records(path) == records[:kept]
    with RunLog(path, create=False) as log:
        assert path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:kept])
        log.append(note(1))
    assert read_records(path) == [*records[:kept], note(1)]


def test_reading_leaves_a_torn_tail_alone(tmp_path: Path) -> None:
    """The run may still be going on: its writer is in the middle of a record."""
    path = write(tmp_path / FILE, [small_header(), note(1)])
    torn = path.read_bytes() + b'{"type":"note","to'
    path.write_bytes(torn)
    assert read_records(path) == [small_header(), note(1)]
    assert path.read_bytes() == torn


@pytest.mark.parametrize(
    "first",
    [b"hello", b"{}", b'{"type":"note","topic":"a","text":"b"}', b'{"schema":"other/run","version":[1,0]}', b"\x00"],
)
def test_a_file_of_something_else_is_not_taken_for_a_run(tmp_path: Path, first: bytes) -> None:
    """Its first line is no header."""
    path = tmp_path / FILE
    path.write_bytes(first + b"\n")
    with pytest.raises(StoreError, match="is not a run of infer-compare"):
        read_run(path)


def test_a_run_that_begins_with_another_record_is_refused(tmp_path: Path) -> None:
    """Even one that names our schema."""
    path = tmp_path / FILE
    path.write_bytes(b'{"type":"note","topic":"a","text":"b","schema":"infer-compare/run","version":[3,0]}\n')
    with pytest.raises(StoreError, match="does not begin with a header"):
        read_run(path)


def test_a_run_of_a_newer_major_version_asks_for_an_upgrade(tmp_path: Path) -> None:
    """Its fields may mean something else."""
    path = write(tmp_path / FILE, [msgspec.structs.replace(small_header(), version=(4, 0))])
    with pytest.raises(StoreError, match=r"newer infer-compare \(run schema 4\.0.*upgrade"):
        read_run(path)


def test_a_run_of_an_older_major_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Its header says some things elsewhere."""
    path = write(tmp_path / FILE, [msgspec.structs.replace(small_header(), version=(2, 1))])
    with pytest.raises(
        StoreError, match=r"older infer-compare \(run schema 2\.1.*version that wrote it, or measure again"
    ):
        read_run(path)


def test_fields_of_a_newer_minor_version_are_passed_over(tmp_path: Path) -> None:
    """Only added fields make a minor version."""
    header = msgspec.structs.replace(small_header(), version=(3, 9))
    path = tmp_path / FILE
    line = msgspec.json.encode({**msgspec.to_builtins(header), "weather": "fine"})
    path.write_bytes(line + b"\n")
    assert read_run(path).header == header


def test_a_missing_file_is_told_by_its_folder(tmp_path: Path) -> None:
    """One sentence, no traceback."""
    with pytest.raises(StoreError, match=r"There is no run at .*: it has no run\.jsonl"):
        read_records(tmp_path / FILE)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    """Reading and writing refuse it."""
    (tmp_path / FILE).mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        read_records(tmp_path / FILE)
    with pytest.raises(StoreError, match="cannot be opened for writing"):
        RunLog(tmp_path / FILE, create=False)


def test_a_run_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """Creating asks for a file that is not there, in one step with making it."""
    path = write(tmp_path / FILE, [small_header()])
    before = path.read_bytes()
    with pytest.raises(StoreError, match="already holds a run"):
        RunLog(path, create=True)
    assert path.read_bytes() == before


def test_going_on_needs_a_file(tmp_path: Path) -> None:
    """Nothing is made in silence."""
    with pytest.raises(StoreError, match="cannot be opened for writing"):
        RunLog(tmp_path / FILE, create=False)
    assert not (tmp_path / FILE).exists()


@settings(BUSY, max_examples=40)
@given(sizes=st.lists(st.integers(0, 400), min_size=1, max_size=6), spare=st.integers(0, 1500))
def test_a_disk_that_gets_full_loses_nothing_that_was_stored(
    folders: Callable[[], Path],
    room: Callable[[int], AbstractContextManager[None]],
    sizes: list[int],
    spare: int,
) -> None:
    """Wherever the room ends, the file holds the acknowledged records, no torn one, and goes on when there is room."""
    path = write(folders() / FILE, [small_header()])
    stored: list[AnyRecord] = [small_header()]
    with RunLog(path, create=False) as log:
        with room(path.stat().st_size + spare), contextlib.suppress(StorageFull):
            for number, size in enumerate(sizes):
                log.append(note(number, size))
                stored.append(note(number, size))
        assert read_records(path) == stored
        assert path.read_bytes().endswith(b"\n")
        log.append(note(99))
    assert read_records(path) == [*stored, note(99)]


def test_a_full_disk_is_told_with_what_to_do(
    tmp_path: Path, room: Callable[[int], AbstractContextManager[None]]
) -> None:
    """And ends with the exit code of a disk that is full."""
    path = write(tmp_path / FILE, [small_header()])
    with RunLog(path, create=False) as log, room(path.stat().st_size + 3):
        with pytest.raises(StorageFull, match="all earlier records are complete") as caught:
            log.append(note(1))
        assert caught.value.exit_code == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_of_having_no_room_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Half of a record that was written before is taken back."""
    path = write(tmp_path / FILE, [small_header()])
    before = path.read_bytes()
    with RunLog(path, create=False) as log:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", _failing_after_half(code))
            with pytest.raises(StorageFull):
                log.append(note(1))
        assert path.read_bytes() == before
        log.append(note(2))
    assert read_records(path) == [small_header(), note(2)]


def test_a_failing_disk_is_not_called_a_full_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is the system's own."""
    path = write(tmp_path / FILE, [small_header()])
    with RunLog(path, create=False) as log, monkeypatch.context() as patch:
        patch.setattr(os, "write", _failing_after_half(errno.EIO))
        with pytest.raises(StoreError, match="cannot be written") as caught:
            log.append(note(1))
        assert not isinstance(caught.value, StorageFull)
    assert read_records(path) == [small_header()]


def test_a_record_that_did_not_reach_the_disk_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems tell that there is no room only when they are asked to be done."""
    path = write(tmp_path / FILE, [small_header()])

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with RunLog(path, create=False) as log:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(StorageFull):
                log.append(note(1))
        assert read_records(path) == [small_header()]


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record arrives whole even one byte at a time."""
    write_some = os.write
    with RunLog(tmp_path / FILE, create=True) as log, monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write_some(descriptor, data[:7]))
        log.append(small_header())
        log.append(note(1))
    assert read_records(tmp_path / FILE) == [small_header(), note(1)]


def test_an_interrupt_leaves_no_torn_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between two writes of one record."""
    path = write(tmp_path / FILE, [small_header()])
    write_some = os.write
    calls = 0

    def interrupted(descriptor: int, data: memoryview) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return write_some(descriptor, data[:7])

    with RunLog(path, create=False) as log:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", interrupted)
            with pytest.raises(KeyboardInterrupt):
                log.append(note(1))
        assert read_records(path) == [small_header()]
        log.append(note(2))
    assert read_records(path) == [small_header(), note(2)]


def test_a_record_whose_storing_was_interrupted_at_its_very_end_is_replaced_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written, but nobody was told so: a second record of that line would make the file a damaged one."""
    path = write(tmp_path / FILE, [small_header()])
    force, looked = os.fsync, os.fstat

    def interrupted(_descriptor: int) -> os.stat_result:
        raise KeyboardInterrupt

    def forced(descriptor: int) -> None:
        force(descriptor)
        monkeypatch.setattr(os, "fstat", interrupted)

    with RunLog(path, create=False) as log:
        monkeypatch.setattr(os, "fsync", forced)
        with pytest.raises(KeyboardInterrupt):
            log.append(note(1))
        monkeypatch.setattr(os, "fsync", force)
        monkeypatch.setattr(os, "fstat", looked)
        log.append(note(2))
    assert read_run(path).damage == ()
    assert read_records(path) == [small_header(), note(2)]


def test_a_run_file_that_is_removed_meanwhile_is_noticed(tmp_path: Path) -> None:
    """Before another record is thought to be stored."""
    path = tmp_path / FILE
    with RunLog(path, create=True) as log:
        log.append(small_header())
        path.unlink()
        with pytest.raises(StoreError, match="was removed"):
            log.append(note(1))


def test_each_record_is_on_disk_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written, then forced out: in this order, once for each record."""
    steps: list[str] = []
    write_all, force = os.write, os.fsync

    def noted_write(descriptor: int, data: memoryview) -> int:
        steps.append("write")
        return write_all(descriptor, data)

    def noted_fsync(descriptor: int) -> None:
        steps.append("fsync")
        force(descriptor)

    with RunLog(tmp_path / FILE, create=True) as log, monkeypatch.context() as patch:
        patch.setattr(os, "write", noted_write)
        patch.setattr(os, "fsync", noted_fsync)
        log.append(small_header())
        log.append(note(1))
    assert steps == ["write", "fsync", "write", "fsync"]


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    """Its descriptor may belong to another file by then."""
    log = RunLog(tmp_path / FILE, create=True)
    log.close()
    with (tmp_path / "other").open("wb") as other:
        log.close()
        other.write(b"still open")
    assert (tmp_path / "other").read_bytes() == b"still open"


def _failing_after_half(code: int) -> Callable[[int, memoryview], int]:
    write_some = os.write
    calls = 0

    def write_half(descriptor: int, data: memoryview) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            return write_some(descriptor, data[: len(data) // 2])
        raise OSError(code, os.strerror(code))

    return write_half
