"""Rows on their way to a worker and back: what a session gets are the pool's rows, as it takes them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare.errors import ProtocolViolation
from infer_compare.interfaces import OperatingPoint
from infer_compare.serving.rows import Rows, SharedFile
from infer_compare.worker.child.buffers import Pool
from infer_compare.worker.child.served import Served
from infer_compare.worker.protocol import Inputs, Serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Echo:
    """A session whose outputs are its inputs."""

    inputs: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.prepared: list[int] = []

    def prepare(self, point: OperatingPoint) -> None:
        self.prepared.append(point.batch)

    def stage(self, batch: list[Any], into: object = None) -> list[Any]:
        assert all(array.flags.c_contiguous for array in batch)
        return batch

    def run(self, staged: list[Any]) -> None:
        pass

    def fetch(self, staged: list[Any]) -> list[Any]:
        return [array.copy() for array in staged]

    def release(self, staged: list[Any]) -> None:
        pass

    running = staticmethod(nullcontext)


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., tuple[SharedFile, Served]]:
    """Serves batches of some sizes from arrays of rows, one for each input."""

    def make(
        *arrays: Any, sizes: tuple[int, ...] = (1, 2, 3), setting: tuple[tuple[str, int], ...] = (), **layout: Any
    ) -> tuple[SharedFile, Served]:
        paths = []
        for place, array in enumerate(arrays):
            np.save(tmp_path / f"{place}.npy", array)
            paths.append(str(tmp_path / f"{place}.npy"))
        inputs = Inputs(paths=tuple(paths), **layout)
        file = SharedFile(Rows(inputs, setting), max(sizes), tmp_path)
        points = tuple(OperatingPoint(size, setting) for size in sizes)
        session: Any = Echo()
        worker = Served(
            session,
            Pool(inputs.paths, inputs.axes, inputs.shared, inputs.dtypes, inputs.free),
            Serve(path=str(file.path), points=points, rooms=tuple(file.rooms)),
        )
        file.opened(worker.room)
        assert sorted(session.prepared) == list(sizes)
        assert not file.path.exists()
        return file, worker

    return make


def asked(file: SharedFile, worker: Served, first: int, count: int) -> bytes:
    """What a batch of so many requests from one on gives."""
    file.write(first, count)
    return file.outputs(worker.run(count))


def test_each_request_brings_its_own_row(served) -> None:
    """In the order of requests; after the pool's last row comes its first."""
    rows = np.arange(20, dtype=np.float32).reshape(5, 4)
    file, worker = served(rows)
    for first, count in ((0, 3), (4, 2), (13, 3), (2, 1)):
        expected = rows[np.arange(first, first + count) % 5]
        assert asked(file, worker, first, count) == expected.tobytes()


def test_inputs_come_in_the_layout_of_the_session(served) -> None:
    """One with other axes, one that has no batch axis, and one of raw bytes that are bfloat16."""
    images = np.arange(2 * 3 * 4 * 5, dtype=np.int64).reshape(2, 3, 4, 5)
    mask = np.arange(6, dtype=np.uint8).reshape(1, 6)
    halves = np.arange(4, dtype=np.uint16).reshape(2, 2).view("V2")
    file, worker = served(
        images,
        mask,
        halves,
        sizes=(1, 2),
        axes=((0, 2, 3, 1), (), ()),
        shared=(False, True, False),
        dtypes=("int64", "uint8", "bfloat16"),
    )
    expected = np.ascontiguousarray(images[1:].transpose(0, 2, 3, 1)).tobytes() + mask.tobytes() + halves[1:].tobytes()
    assert asked(file, worker, 1, 1) == expected


def test_rows_are_cut_to_the_setting_of_the_other_axes(served) -> None:
    """A beginning of each row."""
    tokens = np.arange(12, dtype=np.int32).reshape(2, 6)
    file, worker = served(tokens, sizes=(1, 2), setting=(("seq", 4),), free=(((0, "seq"),),))
    assert asked(file, worker, 0, 2) == tokens[:, :4].tobytes()


def test_a_size_that_is_not_prepared_is_filled_up(served) -> None:
    """A model with one fixed batch size serves single requests, too."""
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    file, worker = served(rows, sizes=(4,))
    assert asked(file, worker, 0, 1)[:8] == rows[:1].tobytes()


def test_longer_outputs_than_there_is_room_for_are_refused(served) -> None:
    """Whatever a worker says."""
    file, worker = served(np.zeros((2, 4), np.float32))
    with pytest.raises(ProtocolViolation, match=r"outputs of 49 bytes; it has room for 48"):
        file.outputs(worker.room + 1)
