"""A run file that is damaged anywhere: what is whole is read, what is not is named, and nothing is changed silently."""

from __future__ import annotations

import json
import os
import random
import zlib
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infer_compare import api
from infer_compare.cli import main
from infer_compare.errors import StoreError
from infer_compare.results import Closing, Measured, Memory, OperatingPoint, Probe
from infer_compare.store import FILE, RunLog, list_runs, read_run, read_salvage

from .conftest import note, small_header  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.results import AnyRecord

RAN = Measured(prepare_ns=1, first_call_ns=2, latency_ns=3_000, memory=Memory(resident=2**28))
RECORDS: list[AnyRecord] = [
    small_header(),
    *(Probe(phase="explore", contender="a", point=OperatingPoint(size), outcome=RAN) for size in (1, 2)),
    note(1),
    note(2),
    Closing(state="complete", elapsed_s=1.5),
]
SLOW_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def write(path: Path, records: list[AnyRecord]) -> Path:
    """Stores records, and returns the path of their file."""
    with RunLog(path, create=True) as log:
        for record in records:
            log.append(record)
    return path


@pytest.fixture(scope="module")
def stored(folders: Callable[[], Path]) -> bytes:
    """The content of a whole run file."""
    return write(folders() / FILE, RECORDS).read_bytes()


@pytest.fixture
def run(tmp_path: Path, stored: bytes) -> Callable[[list[bytes]], Path]:
    """Makes a run folder of changed lines."""

    def make(lines: list[bytes]) -> Path:
        folder = tmp_path / "run"
        folder.mkdir()
        (folder / FILE).write_bytes(b"\n".join([*lines, b""]))
        return folder

    return make


def noticed(path: Path) -> bool:
    """Whether a changed file is refused, or read with what is lost from it named; only records that were written come back."""
    try:
        records, damage = read_salvage(path)
    except StoreError:
        return True
    assert all(record in RECORDS for record in records)
    return bool(damage) or list(records) != RECORDS


def shorter(path: Path) -> bool:
    """Whether a file reads as the beginning of the run: as one that was cut off."""
    records = list(read_salvage(path).records)
    return records == RECORDS[: len(records)]


@pytest.mark.parametrize(
    "damage",
    [b"{", b"\x00" * 40, b"[]", b'{"type":"note"}', b'{"type":"picture","topic":"a","text":"b"}', b"\xff\xfe", b"[" * 9999],
    ids=["half a line", "zeros", "a list", "fields missing", "an unknown record", "no text", "a deep list"],
)  # fmt: skip
def test_a_damaged_line_is_left_out_and_named_with_its_number(run, stored, damage) -> None:
    """All others are read."""
    lines = stored.splitlines()
    found = read_run(run([*lines[:3], damage, *lines[4:]]) / FILE)
    assert (found.notes, len(found.probes), found.closing) == ((note(2),), 2, RECORDS[-1])
    assert len(found.damage) == 1
    assert "line 4 (" in found.damage[0]


@pytest.mark.parametrize("value", ["0", "-5", "1e400", "9" * 40, '"x"', "null"])
def test_a_figure_that_no_run_comes_to_is_damage(run, stored, value) -> None:
    """In a line without a checksum, as older versions wrote it."""
    lines = [_bare(line) for line in stored.splitlines()]
    lines[1] = lines[1].replace(b'"latency_ns":3000', f'"latency_ns":{value}'.encode())
    found = read_run(run(lines) / FILE)
    assert len(found.probes) == 1
    assert "line 2 (a probe record; " in found.damage[0]


def test_every_flipped_bit_is_noticed_or_changes_nothing(folders, stored) -> None:
    """In a file with checksums; a bit in the checksum's own key leaves the record as it was."""
    path = folders() / FILE
    places = random.Random(0).sample(range(8 * len(stored)), 300)
    for place in places:
        data = bytearray(stored)
        data[place // 8] ^= 1 << place % 8
        path.write_bytes(data)
        assert noticed(path) or list(read_salvage(path).records) == RECORDS


@pytest.mark.slow
def test_each_bit_that_is_flipped_is_noticed_or_changes_nothing(folders, stored) -> None:
    """The same for all of them."""
    path = folders() / FILE
    for place in range(8 * len(stored)):
        data = bytearray(stored)
        data[place // 8] ^= 1 << place % 8
        path.write_bytes(data)
        assert noticed(path) or list(read_salvage(path).records) == RECORDS


@settings(SLOW_MACHINE, max_examples=60)
@given(data=st.data())
def test_lines_that_are_repeated_moved_lost_or_foreign_are_noticed(folders, stored, data) -> None:
    """Or the file is as one that was cut off, or says what it said."""
    lines = stored.splitlines(keepends=True)
    path = folders() / FILE
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["repeat", "swap", "lose", "insert", "tear", "blank"])):
            case "repeat":
                lines.insert(data.draw(st.integers(0, len(lines))), lines[place])
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[place], lines[other] = lines[other], lines[place]
            case "lose" if len(lines) > 1:
                del lines[place]
            case "insert":
                lines.insert(place, data.draw(st.binary(max_size=20)) + b"\n")
            case "tear":
                lines[place] = lines[place][: data.draw(st.integers(0, len(lines[place])))]
            case _:
                lines.insert(place, b"\n")
    path.write_bytes(b"".join(lines))
    if not noticed(path):
        return
    try:
        damage = read_salvage(path).damage
    except StoreError:
        return
    assert damage or shorter(path)


def test_a_line_that_is_repeated_does_not_count_twice(run, stored) -> None:
    """Nor one from another place of the file; the rest keeps its order."""
    lines = stored.splitlines()
    records, damage = read_salvage(run([*lines[:4], lines[1], *lines[4:]]) / FILE)
    assert list(records) == RECORDS
    assert damage == ("line 5 (a probe record; it repeats line 2) was left out",)


def test_lines_that_changed_places_are_put_back(run, stored) -> None:
    """And it is said."""
    lines = stored.splitlines()
    lines[1], lines[4] = lines[4], lines[1]
    records, damage = read_salvage(run(lines) / FILE)
    assert list(records) == RECORDS
    assert damage == ("lines that were out of order are read in the order in which they were written",)


def test_a_line_that_is_gone_is_missed(run, stored) -> None:
    """By the numbers of the others."""
    lines = stored.splitlines()
    assert read_salvage(run([*lines[:2], *lines[3:]]) / FILE).damage == ("1 line is missing",)


def test_a_record_of_a_stranger_belongs_to_another_run(run, stored) -> None:
    """A contender that the header does not name, or a header."""
    lines = [_bare(line) for line in stored.splitlines()]
    stranger = lines[1].replace(b'"contender":"a"', b'"contender":"nobody"')
    records, damage = read_salvage(run([*lines, stranger, lines[0]]) / FILE)
    assert list(records) == RECORDS
    assert "'nobody', which is no contender of this run" in damage[0]
    assert "it begins another run" in damage[1]


def test_a_file_without_checksums_is_read_as_it_is(run, stored) -> None:
    """As older versions wrote it; going on with it numbers the lines that follow."""
    folder = run([_bare(line) for line in stored.splitlines()])
    assert read_salvage(folder / FILE) == (tuple(RECORDS), ())
    with RunLog(folder / FILE, create=False) as log:
        log.append(note(3))
    assert read_salvage(folder / FILE) == ((*RECORDS, note(3)), ())
    assert json.loads((folder / FILE).read_bytes().splitlines()[-1])["line"] == len(RECORDS) + 1


def test_a_checksum_can_be_computed_without_infer_compare(stored) -> None:
    """A line is plain JSON, whose last key is the CRC-32 of the bytes before it."""
    for number, line in enumerate(stored.splitlines(), 1):
        record = json.loads(line)
        assert list(record)[-2:] == ["line", "crc"]
        assert record["line"] == number
        before = line[: line.rindex(b',"crc":')]
        assert record["crc"] == f"{zlib.crc32(before):08x}"


def test_a_damaged_header_is_one_sentence(run, stored) -> None:
    """Without it nothing can be read."""
    lines = stored.splitlines()
    folder = run([lines[0].replace(b'"threads":1', b'"threads":2'), *lines[1:]])
    with pytest.raises(StoreError, match=r"first line of .* is damaged \(its checksum does not fit\)"):
        read_run(folder / FILE)


def test_a_damaged_run_is_reported_with_what_is_missing(run, stored, capsys) -> None:
    """On standard error, in the report, and in its JSON; the list of runs shows it, too."""
    lines = stored.splitlines()
    folder = run([*lines[:3], b"rubbish", *lines[4:]])
    for form in ("text", "json", "markdown"):
        with pytest.raises(SystemExit) as ended:
            main(["report", str(folder), "--format", form])
        printed = capsys.readouterr()
        assert ended.value.code == 0
        assert printed.err.startswith(f"Warning: the run file of {folder} is damaged: line 4 (")
        if form == "json":
            (told,) = (one for one in json.loads(printed.out)["notes"] if one["topic"] == "damaged")
            assert "line 4" in told["text"]
        else:
            assert "the run file is damaged: line 4" in " ".join(printed.out.split())
    assert [one.state for one in list_runs(folder.parent)] == ["complete, damaged"]


def test_a_damaged_run_is_not_resumed(run, stored) -> None:
    """What it lost, a difference of outputs for one, would be missing from what follows."""
    lines = stored.splitlines()
    folder = run([*lines[:3], b"rubbish", *lines[4:-1]])
    with pytest.raises(StoreError, match=r"is damaged \(line 4 .* cannot be resumed"):
        api.resume(folder)


@pytest.mark.parametrize("kind", ["pipe", "device", "links in a circle", "folder", "huge"])
def test_what_is_no_file_is_refused_at_once(tmp_path, kind) -> None:
    """Nothing is waited for, and nothing is read without end."""
    path = tmp_path / FILE
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "links in a circle":
            path.symlink_to(path)
        case "folder":
            path.mkdir()
        case _:
            path.touch()
            os.truncate(path, 2**43)
    for named in (path, tmp_path):
        with pytest.raises(StoreError, match=r"There is no run|cannot be read|is no header"):
            api.load_run(named)
    with pytest.raises(StoreError):
        api.resume(tmp_path)


def _bare(line: bytes) -> bytes:
    """A line as it was written before there were checksums."""
    record = msgspec.json.decode(line)
    return msgspec.json.encode({key: value for key, value in record.items() if key not in {"line", "crc"}})
