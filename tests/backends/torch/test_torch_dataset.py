"""Batches of a data set by torch's own loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np
import pytest

from infer_compare.backends import Settings
from infer_compare_torch import TorchBackend, TorchOptions

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends import ModelSource


def data() -> list[np.ndarray]:
    """Seven samples of two inputs."""
    return [np.arange(28, dtype=np.float32).reshape(7, 4), np.arange(7, dtype=np.int64)]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_pass_brings_every_sample_once_and_in_order(workers: int) -> None:
    """The last batch is a partial one; loading in other processes changes nothing of that."""
    backend = TorchBackend(Settings(options=TorchOptions(loader_workers=workers), threads=1))
    batches = list(backend.batches(data(), 3))
    assert [len(one[0]) for one in batches] == [3, 3, 1]
    for place, array in enumerate(data()):
        joined = np.concatenate([one[place] for one in batches])
        assert joined.dtype == array.dtype
        assert np.array_equal(joined, array)


def test_arrays_that_may_not_be_written_to_are_loaded(backend: TorchBackend) -> None:
    """Inputs are maps of files."""
    array = np.arange(8, dtype=np.float32).reshape(4, 2)
    array.flags.writeable = False
    assert np.array_equal(np.concatenate([one for (one,) in backend.batches([array], 2)]), array)


def test_bfloat16_stays_what_it_is(backend: TorchBackend) -> None:
    """Numpy has it by another package."""
    array = np.arange(4).astype(ml_dtypes.bfloat16)
    ((batch,),) = backend.batches([array], 4)
    assert batch.dtype == ml_dtypes.bfloat16
    assert np.array_equal(batch, array)


def test_a_batch_is_staged_without_a_copy(backend: TorchBackend, double: ModelSource, open_session: Callable) -> None:
    """The session computes on the loader's memory."""
    (batch,) = next(iter(backend.batches([data()[0]], 3)))
    with open_session(double) as session:
        slot = session.stage([batch])
        assert slot.inputs[0].data_ptr() == batch.ctypes.data
        session.run(slot)
        assert np.array_equal(session.fetch(slot)[0], batch * 2)


def test_the_loaders_settings_are_told_where_they_were_given(double: ModelSource, open_session: Callable) -> None:
    """Pinned memory is told as it is: without CUDA there is none."""
    with open_session(double) as session:
        assert not {"loader_workers", "pin_memory"} & set(session.effective)
    with open_session(double, loader_workers=2, pin_memory=True) as session:
        assert session.effective["loader_workers"] == "2"
        assert session.effective["pin_memory"] == ("yes" if torch.cuda.is_available() else "no")
