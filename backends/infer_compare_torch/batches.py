"""Batches of a data set from a `DataLoader`, as programs with PyTorch use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from infer_compare_torch.importer.dtypes import numpy_from_tensor, tensor_from_numpy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from infer_compare_torch import TorchOptions


def batches(dataset: Sequence[NDArray[Any]], size: int, options: TorchOptions) -> Iterator[list[NDArray[Any]]]:
    """Return one pass over a data set in its order, the last partial batch included.

    Args:
        dataset: one array per input, with one row per sample.
        size: of a batch.
        options: how many processes load, and whether batches lie in pinned memory.

    Yields:
        One array per input, over the memory of the loader's tensors.
    """
    loader = DataLoader(
        TensorDataset(*(tensor_from_numpy(array) for array in dataset)),
        batch_size=size,
        shuffle=False,
        drop_last=False,
        num_workers=options.loader_workers,
        pin_memory=pins(options),
    )
    for batch in loader:
        yield [numpy_from_tensor(tensor) for tensor in batch]


def pins(options: TorchOptions) -> bool:
    """Return whether batches lie in pinned memory, which torch has only with a CUDA device."""
    return options.pin_memory and torch.cuda.is_available()
