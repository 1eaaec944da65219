"""What the session of every framework does with the batches that are staged in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import parser

from infer_compare.backends import Device, ModelSource, Session, Settings
from infer_compare.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOUBLE = '<ir_version: 8, opset_import: ["" : 18]> g (float[batch,4] x) => (float[batch,4] y) { y = Add(x, x) }'


def rows(batch: int, seed: int = 0) -> np.ndarray:
    """Random inputs."""
    return np.random.default_rng(seed).standard_normal((batch, 4), np.float32)


@pytest.fixture(params=["onnx", "reference", "tensorflow", "torch"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session[Any]]:
    """A session on the processor of a model that doubles its input."""
    entry = Plugins.discover(block=["*"]).find(request.param)
    if entry.missing:
        pytest.skip(f"{entry.missing[0]} is not installed")
    path = tmp_path / "double.onnx"
    path.write_bytes(parser.parse_model(DOUBLE).SerializeToString())
    backend = entry.backend(Settings(options=entry.backend.options(), threads=1))
    loaded = backend.load(ModelSource(format="onnx", location=str(path), name="double"))
    with backend.to_device(loaded, Device("cpu")) as opened:
        yield opened


def test_a_reused_slot_runs_the_new_batch(session: Session[Any]) -> None:
    """`into` gives the same slot back with other inputs."""
    slot = session.stage([rows(2)])
    assert session.stage([rows(2, seed=1)], into=slot) is slot
    session.run(slot)
    session.synchronize()
    assert np.array_equal(session.fetch(slot)[0], 2 * rows(2, seed=1))


def test_slots_do_not_disturb_each_other(session: Session[Any]) -> None:
    """Several buffers are rotated while timing."""
    slots = [session.stage([rows(2, seed)]) for seed in range(4)]
    for slot in slots:
        session.run(slot)
    session.synchronize()
    for seed, slot in enumerate(slots):
        assert np.array_equal(session.fetch(slot)[0], 2 * rows(2, seed))
        session.release(slot)


def test_arrays_that_are_mapped_read_only_or_strided_are_taken(session: Session[Any], tmp_path: Path) -> None:
    """Inputs come from a file that is mapped; a strided view is taken as a whole array."""
    np.save(tmp_path / "pool.npy", rows(8))
    pool = np.load(tmp_path / "pool.npy", mmap_mode="r")
    for view in (pool[2:5], pool[::2]):
        slot = session.stage([view])
        session.run(slot)
        session.synchronize()
        assert np.array_equal(session.fetch(slot)[0], 2 * np.asarray(view))
