"""The rows of input of a run, written by the parent and mapped by every worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment.disk import room
from infer_compare.environment.memory import gibibytes
from infer_compare.errors import InputError
from infer_compare.models.inputs import row_bytes, write_pool
from infer_compare.worker.child.buffers import pool_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.models.inputs import InputPlan

SMALLEST = 64
"""A pool is made for batches up to this size at once; most runs never need a larger one."""
SMALLEST_BYTES = 256 * 2**20
"""Unless the rows are so large that this much does not hold them: then it grows with the batches."""
KEPT = 1 / 2
"""A pool takes no more of the room on the disk: the rows in use stay until longer files replace them."""


class InputPool:
    """One `.npy` file per input; the same seed gives the same rows, however many there are."""

    def __init__(
        self,
        plans: Sequence[InputPlan],
        seed: int,
        folder: Path,
        sizes: Sequence[int] | None,
        *,
        cap: int | None = None,
    ) -> None:
        """Writes the first pool.

        Args:
            plans: what each input is filled with.
            seed: of the random rows.
            folder: where the files go.
            sizes: the batch sizes asked for, or None when exploring decides.
            cap: the most resident memory of a worker, in bytes, which has to hold a batch.

        Raises:
            InputError: there is no room for the batches that are asked for; nothing was written.
        """
        self._plans = plans
        self._seed = seed
        self._folder = folder
        self._cap = cap
        self._row = sum(row_bytes(plan) for plan in plans)
        self.largest = 0
        """The largest batch size that can be cut from it."""
        self.paths: tuple[Path, ...] = ()
        folder.mkdir(parents=True, exist_ok=True)
        wanted = sizes or (1,)
        if not self.fits_worker(min(wanted)):
            raise self._beyond_cap(min(wanted))
        self.most = self._most()
        """The largest batch size for which there is room on the disk."""
        # A batch that no worker can hold is an answer, and needs no rows.
        needed = max(size for size in wanted if self.fits_worker(size))
        if needed > self.most:
            raise self._beyond_disk(needed)
        first = min(needed if sizes else SMALLEST, SMALLEST, self.most)
        while first > 1 and self._bytes(first) > SMALLEST_BYTES:
            first //= 2
        self.grow(first)

    def fits_worker(self, batch: int) -> bool:
        """Whether a batch of a size alone, without a framework and a model, is below the cap of a worker."""
        return self._cap is None or batch * self._row < self._cap

    def grow(self, batch: int) -> None:
        """Makes sure that batches of a size can be cut from it.

        Raises:
            InputError: there is no room for them.
        """
        if batch <= self.largest:
            return
        if batch > self.most:
            raise self._beyond_disk(batch)
        # Doubling, so that a long curve rewrites the rows a few times only.
        largest = min(max(batch, 2 * self.largest), self.most)
        self.paths = write_pool(self._plans, pool_rows(largest, self._row), self._seed, self._folder)
        self.largest = largest

    def _bytes(self, batch: int) -> int:
        return pool_rows(batch, self._row) * self._row

    def _most(self) -> int:
        free = int(KEPT * room(self._folder))
        low, high = 0, 1
        while self._row and high < 2**40 and self._bytes(high) <= free:
            low, high = high, 2 * high
        if not self._row or high >= 2**40:
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._bytes(middle) <= free else (low, middle)
        return low

    def _beyond_cap(self, batch: int) -> InputError:
        assert self._cap is not None
        smaller = ", smaller --batch-sizes" if batch > 1 else ""
        return InputError(
            f"{self._subject(batch)}, and a worker may hold {gibibytes(self._cap)}; give it a smaller shape with "
            f"--input{smaller}, or raise --max-memory."
        )

    def _beyond_disk(self, batch: int) -> InputError:
        smaller = ", smaller --batch-sizes" if batch > 1 else ""
        return InputError(
            f"{self._subject(batch)}, which makes {gibibytes(self._bytes(batch))} of rows to choose from, and "
            f"{gibibytes(room(self._folder))} can be written to {self._folder}; give it a smaller shape with "
            f"--input{smaller}, or a run folder on another disk with -o."
        )

    def _subject(self, batch: int) -> str:
        plan = max(self._plans, key=row_bytes)
        shape = "x".join(map(str, plan.sample)) or "1"
        sentence = f"The input {plan.name!r} takes {gibibytes(row_bytes(plan))} a sample ({shape} of {plan.dtype})"
        if batch > 1:
            sentence += f", a batch of {batch} takes {gibibytes(batch * self._row)}"
        return sentence
