"""Runs that were cut off at every record, and resumed: nothing that is stored is measured again."""

from __future__ import annotations

import fcntl
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare import api
from infer_compare.errors import StoreError, UsageError
from infer_compare.plugins import Plugins
from infer_compare.results import Closing, Header, Measured
from infer_compare.store import FILE, RunLog, load, read_records

from .conftest import asked, contender, open_gate  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = Plugins.discover(block=["*", "torch", "tensorflow"])


def cut(folder: Path, keep: int) -> bytes:
    """Leaves the first records of a run and half of the next one, as a kill would; what was left."""
    path = folder / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:keep]) + (lines[keep][:20] if keep < len(lines) else b""))
    return b"".join(lines[:keep])


def resume(folder: Path):
    """The run, gone on with."""
    return api.resume(folder, plugins=INSTALLED, surroundings=virtual(open_gate))


def kinds(folder: Path) -> list[str]:
    """What the records of a run are."""
    return [type(one).__name__ for one in read_records(folder / FILE)]


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A complete run of two contenders with a search for the limit."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    request = asked(contender("a", oom_above=5), contender("b", oom_above=6, fixed_us=900), restarts=2, find_limit=True)
    api.sweep(request, folder, plugins=INSTALLED, surroundings=virtual(open_gate))
    return folder


@pytest.fixture
def whole(template, tmp_path) -> Path:
    """A copy of that run."""
    return shutil.copytree(template, tmp_path / "run")


def test_a_run_cut_off_after_any_kind_of_record_is_completed(whole) -> None:
    """Every record that was whole stays as it was, and each probe and comparison is there once."""
    records = kinds(whole)
    original = (whole / FILE).read_bytes()
    moments = {kind: len(records) - records[::-1].index(kind) for kind in set(records) - {"Closing", "Header", "Note"}}
    for kind, keep in moments.items():
        (whole / FILE).write_bytes(original)
        kept = cut(whole, keep)

        run = resume(whole)

        assert (whole / FILE).read_bytes().startswith(kept), kind
        assert run.closing.state == "complete", kind
        assert all(point.measured for point in run.points), kind
        probes = Counter((one.contender, one.phase, one.point, one.fresh) for one in run.probes)
        assert set(probes.values()) == {1}, kind
        assert set(Counter((one.contender, one.point) for one in run.agreements).values()) == {1}, kind
        assert {one.contender: one.largest_fitting for one in run.limits} == {"a": 5, "b": 6}, kind
        assert len({one.index for one in run.rounds}) == len(run.rounds), kind
        assert not list(whole.glob(".infer-compare-*"))


def test_a_restart_that_was_cut_off_is_made_again_in_fresh_workers(whole) -> None:
    """Its rounds are kept, under its own number."""
    records = kinds(whole)
    cut(whole, records.index("Round") + 1)

    run = resume(whole)

    numbers = Counter(one.restart for one in run.rounds if one.phase == "measure")
    assert numbers == {1: 1, 2: 2, 3: 2}
    assert {start.restart for start in run.starts if start.contender == "a"} >= {1, 2, 3}


def test_what_was_finished_is_not_measured_again(whole) -> None:
    """Only the closing was lost."""
    before = read_records(whole / FILE)
    assert isinstance(before[-1], Closing)
    cut(whole, len(before) - 1)

    run = resume(whole)

    assert len(run.rounds) == sum(kind == "Round" for kind in kinds(whole))
    assert len(read_records(whole / FILE)) <= len(before) + 2


def test_a_complete_run_is_left_as_it_is(whole) -> None:
    """There is nothing to resume."""
    before = (whole / FILE).read_bytes()

    assert resume(whole).closing.state == "complete"
    assert (whole / FILE).read_bytes() == before


def test_an_interrupted_run_goes_on_after_its_closing(whole) -> None:
    """And has another one at its end."""
    records = read_records(whole / FILE)
    cut(whole, kinds(whole).index("Round") + 1)
    with RunLog(whole / FILE, create=False) as log:
        log.append(Closing(state="interrupted", elapsed_s=100.0))

    run = resume(whole)

    assert run.closing.state == "complete"
    assert run.closing.elapsed_s > 100.0
    assert len(run.rounds) >= sum(type(one).__name__ == "Round" for one in records)


def changed(folder: Path, change) -> None:
    """Replaces the header of an unfinished run."""
    cut(folder, kinds(folder).index("Round"))
    lines = (folder / FILE).read_bytes().splitlines(keepends=True)
    header = msgspec.json.decode(lines[0], type=Header)
    (folder / FILE).write_bytes(msgspec.json.encode(change(header)) + b"\n" + b"".join(lines[1:-1]))


def environment(**values):
    """A change of the machine or of what is installed."""
    return lambda header: msgspec.structs.replace(
        header, environment=msgspec.structs.replace(header.environment, **values)
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (environment(packages={"numpy": "1.0", "infer-compare": "0.0"}), "numpy was 1.0 and is "),
        (
            lambda header: msgspec.structs.replace(
                header,
                contenders=tuple(
                    msgspec.structs.replace(one, packages={"pytest": "1.0", "jaxlib": "0.4"})
                    for one in header.contenders
                ),
            ),
            f"jaxlib was 0.4 and is not installed and pytest was 1.0 and is {pytest.__version__}. ",
        ),
        (environment(cpu="another one"), "the processor was another one and is "),
        (environment(python="3.1"), "Python was 3.1 and is "),
        (
            lambda header: msgspec.structs.replace(
                header, model=msgspec.structs.replace(header.model, sha256="0" * 64)
            ),
            "the model mlp has changed (000000000000 then",
        ),
        (
            lambda header: msgspec.structs.replace(
                header, plan=msgspec.structs.replace(header.plan, batch_sizes=(3, 5), margin=0.5)
            ),
            "batch sizes was 3, 5 and is 1",
        ),
        (
            lambda header: msgspec.structs.replace(
                header,
                contenders=(msgspec.structs.replace(header.contenders[0], device="cuda"), *header.contenders[1:]),
            ),
            "device of a was cuda and is cpu",
        ),
    ],
)
def test_what_has_changed_is_told_and_the_run_is_left_alone(whole, change, told) -> None:
    """Figures from before and after could not be compared."""
    changed(whole, change)
    before = (whole / FILE).read_bytes()

    with pytest.raises(UsageError) as refused:
        resume(whole)

    assert told in str(refused.value)
    assert (whole / FILE).read_bytes() == before
    assert not list(whole.glob(".infer-compare-*"))


def test_a_contender_that_is_gone_is_told(whole) -> None:
    """Its file is not there any more."""

    def gone(header: Header) -> Header:
        text = msgspec.json.encode(header).replace(b"fake.py:FakeBackend", b"gone.py:FakeBackend")
        return msgspec.json.decode(text, type=Header)

    changed(whole, gone)

    with pytest.raises(UsageError, match="There is no backend file"):
        resume(whole)


def test_a_run_that_is_going_on_is_not_resumed(whole) -> None:
    """Another process holds its file."""
    cut(whole, kinds(whole).index("Round"))
    with (whole / FILE).open("rb+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="is still running"):
            resume(whole)


def test_a_contender_that_could_not_take_part_is_not_tried_again(sweep, tmp_path) -> None:
    """That it could not is stored."""
    sweep(contender("a"), contender("broken", fail_in="load"))
    folder = tmp_path / "run"
    cut(folder, kinds(folder).index("Round"))

    run = resume(folder)

    assert [one.contender for one in run.unusable] == ["broken"]
    assert all(isinstance(point.outcome, Measured) for point in run.points if point.contender == "a")


def test_batches_longer_than_the_first_pool_of_rows_are_resumed(sweep, tmp_path) -> None:
    """Nothing is explored again that would have made the rows."""
    sweep(contender("a"), batch_sizes=(1, 100))
    folder = tmp_path / "run"
    cut(folder, kinds(folder).index("Round") + 1)

    run = resume(folder)

    assert run.closing.state == "complete"
    assert all(point.measured for point in run.points)
    assert not run.deaths


def test_a_run_is_closed_or_has_not_begun_wherever_it_is_interrupted(sweep, tmp_path):
    """A run that has its first record has a last one too, which says that it was interrupted."""
    asked_for_the_time = 0
    left = []

    def interrupted(at: int) -> float:
        nonlocal asked_for_the_time
        asked_for_the_time += 1
        if asked_for_the_time == at:
            raise KeyboardInterrupt
        return 0.0

    for at in range(1, 7):
        asked_for_the_time = 0
        surroundings = virtual(open_gate, now=lambda at=at: interrupted(at))
        with pytest.raises(KeyboardInterrupt):
            sweep(contender("a"), contender("b"), folder=f"run{at}", surroundings=surroundings, budget=900.0)
        folder = tmp_path / f"run{at}"
        left.append(load(folder).closing.state if folder.exists() else "nothing")
    assert left[0] == "nothing"
    assert left == sorted(left, reverse=True)
    assert set(left) == {"nothing", "interrupted"}
