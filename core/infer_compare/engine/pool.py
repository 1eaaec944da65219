"""The rows of input of a run, written once by the parent and mapped by every worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.inputs import row_bytes, write_pool
from infer_compare.worker.child.buffers import pool_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.models.inputs import InputPlan

SMALLEST = 64
"""A pool is made for batches up to this size at once; most runs never need a larger one."""


class InputPool:
    """One `.npy` file per input; the same seed gives the same rows, however many there are."""

    def __init__(self, plans: Sequence[InputPlan], seed: int, folder: Path, largest: int | None) -> None:
        """Writes the first pool.

        Args:
            plans: what each input is filled with.
            seed: of the random rows.
            folder: where the files go.
            largest: the largest batch size asked for, or None when exploring decides.
        """
        self._plans = plans
        self._seed = seed
        self._folder = folder
        self._largest = 0
        self.paths: tuple[Path, ...] = ()
        self.grow(min(largest or SMALLEST, SMALLEST))

    def grow(self, batch: int) -> bool:
        """Makes sure that batches of a size can be cut from it; True when the files are new."""
        if batch <= self._largest:
            return False
        # Doubling, so that a long curve rewrites the rows a few times only.
        self._largest = max(batch, 2 * self._largest if self._largest else 0)
        rows = pool_rows(self._largest, sum(row_bytes(plan) for plan in self._plans))
        self.paths = write_pool(self._plans, rows, self._seed, self._folder)
        return True
