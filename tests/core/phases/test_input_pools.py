"""The rows of input of a run: long enough for every batch that a worker is asked for, and refused where they do not fit."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare import api
from infer_compare.environment import disk, memory
from infer_compare.environment.host import Host
from infer_compare.errors import InputError
from infer_compare.interfaces import OperatingPoint
from infer_compare.models.fill_text import parse_fill
from infer_compare.models.input_plan import InputPlan
from infer_compare.phases.context import RunContext
from infer_compare.phases.events import Observer
from infer_compare.phases.journal import Journal
from infer_compare.phases.probe import Probes
from infer_compare.preparation.pool import InputPool
from infer_compare.preparation.resolve import resolve
from infer_compare.results import Measured, OutOfMemory
from infer_compare.worker.child.buffers import pool_rows
from infer_compare.worker.protocol import Explore

from .conftest import asked, contender, open_gate  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from infer_compare.results import Run

MIB = 2**20
GIB = 2**30


def one_input(*sample: int, dtype: str = "float32", fill: str = "normal(0,1)") -> list[InputPlan]:
    """An input of a model."""
    return [InputPlan(name="x", dtype=dtype, sample=sample, fill=parse_fill(fill))]


@pytest.fixture
def explore(installed):
    """Runs contenders at the sizes that are asked for, and measures nothing."""

    def run(*contenders: str, **options: Any) -> Run:
        return api.check(asked(*contenders, **options), plugins=installed, surroundings=virtual(open_gate))

    return run


@pytest.fixture
def context(installed, tmp_path):
    """What the phases of a run of two contenders are given."""

    def make(**options: Any) -> RunContext:
        resolved = resolve(asked(contender("a"), contender("b"), **options), installed, tmp_path)
        journal = Journal(lambda _record: None, [resolved.header])
        return RunContext.of(resolved, journal, Observer(), tmp_path, virtual(open_gate))

    return make


@pytest.fixture
def free(monkeypatch):
    """Sets what the disk has free."""

    def use(size: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=size))

    return use


def test_rows_that_were_made_for_one_contender_are_there_for_another_that_waited(context):
    """The first worker mapped the rows before the second one's batches made them more."""
    made = context(batch_sizes=None)
    started = [Probes(made, made.routes[label]) for label in "ab"]
    try:
        for probes, batch in ((started[0], 1), (started[1], 512), (started[0], 512)):
            assert isinstance(probes.probe(Explore(point=OperatingPoint(batch), budget_ns=0)), Measured)
            probes.worker.suspend()
    finally:
        for probes in started:
            probes.worker.close()


def test_a_worker_that_waited_gets_the_sizes_that_another_contender_went_on_to(explore):
    """One has its plateau at batch 4 and its worker waits; the other gains far beyond, with a longer pool."""
    short = contender("short", fixed_us=0, per_sample_us=1)
    long = contender("long", fixed_us=3000, per_sample_us=0.05)
    run = explore(short, long, batch_sizes=None, mode="thorough")
    tried = {label: {point.batch for (name, point) in run.explored if name == label} for label in ("short", "long")}
    largest = max(tried["long"])
    assert largest >= 512
    assert largest in tried["short"]
    assert all(isinstance(outcome, Measured) for outcome in run.explored.values())


def test_a_resumed_run_gives_its_workers_the_rows_of_sizes_that_were_tried_before(sweep, tmp_path, installed):
    """Nothing is explored again, and the restart that is left measures batch 512."""
    sweep(contender("a", fixed_us=10, per_sample_us=0.01), batch_sizes=(1, 512))
    file = tmp_path / "run" / "run.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if '"type":"round"' in line)
    file.write_text("".join(lines[:first]))
    run = api.resume(tmp_path / "run", plugins=installed, surroundings=virtual(open_gate))
    assert {one.point.batch for one in run.rounds} == {1, 512}
    assert not run.deaths


def test_rows_for_which_the_disk_has_no_room_are_refused_before_they_are_written(free, tmp_path):
    """The sentence says which input, how large a sample is, what is free, and what to type."""
    free(GIB)
    with pytest.raises(InputError) as refusal:
        InputPool(one_input(1024, 1024), 0, tmp_path, [1, 256])
    text = str(refusal.value)
    assert "input 'x' takes 4 MiB a sample (1024x1024 of float32), a batch of 256 takes 1 GiB" in text
    assert "960 MiB can be written to" in text
    assert "--input, name smaller --batch-sizes, or name a run folder on another disk with -o" in text
    assert not list(tmp_path.iterdir())


def test_a_sample_that_no_worker_can_hold_is_refused_before_it_is_drawn(tmp_path):
    """Two GiB a sample, and a worker may hold one."""
    with pytest.raises(InputError, match=r"takes 2 GiB a sample .* a worker may hold 1 GiB; .*raise --max-memory"):
        InputPool(one_input(2**29), 0, tmp_path, None, cap=GIB)
    assert not list(tmp_path.iterdir())


def test_a_batch_that_no_worker_can_hold_is_an_answer_and_needs_no_rows(context):
    """Batch 2**22 of 64 floats is 1 GiB: out of memory under a cap of 512 MiB, and no row of it is written."""
    made = context(max_memory=512 * MIB)
    outcome = Probes(made, made.routes["a"]).probe(Explore(point=OperatingPoint(2**22), budget_ns=0))
    assert isinstance(outcome, OutOfMemory)
    assert "inputs of such a batch alone are above the cap of 512 MiB" in outcome.reason
    assert made.pool.largest < 2**10


def test_automatic_sizes_end_where_the_disk_has_no_room_for_their_inputs(free, explore):
    """The run says so; smaller sizes are measured."""
    free(int(2 * pool_rows(32, 64 * 4) * 64 * 4 / (1 - disk.SPARED_SHARE)) + 1)
    run = explore(contender("a", fixed_us=3000, per_sample_us=0.05), batch_sizes=None)
    assert max(point.batch for _, point in run.explored) <= 32
    assert any("batch sizes above 32 are not tried" in note.text for note in run.notes)


@pytest.mark.parametrize("size", [1, 7])
def test_large_samples_are_not_made_in_advance(tmp_path, size):
    """Exploring begins with one sample of 64 MiB, not with 64; what it comes to has the same rows."""
    plans = one_input(2**24, dtype="int8", fill="ones")
    pool = InputPool(plans, 0, tmp_path, None)
    assert pool.largest < 64
    pool.grow(OperatingPoint(size))
    assert len(np.load(pool.paths[0], mmap_mode="r")) >= pool_rows(size, 2**24)


def test_files_in_a_file_system_held_in_memory_are_bounded_by_the_memory_limit(tmp_path):
    """A run folder in /dev/shm takes memory, not disk."""
    mounts = f"1 0 0:1 / / rw - ext4 /dev/vda rw\n2 1 0:2 / {tmp_path} rw - tmpfs tmpfs rw\n"
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(mounts)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 1024 kB\nMemAvailable: 1000 kB\n")
    host = Host(tmp_path)
    assert disk.is_in_memory(tmp_path / "proc", host)
    assert disk.room(tmp_path, host) == memory.own_share(host) == 512_000
    assert not disk.is_in_memory(tmp_path.parent, host)
