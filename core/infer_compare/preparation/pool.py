"""The rows of input of a run, written by the parent and mapped by every worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment.disk import room
from infer_compare.environment.memory import size_text
from infer_compare.errors import InputError
from infer_compare.interfaces import OperatingPoint
from infer_compare.models.input_plan import row_bytes
from infer_compare.models.input_rows import write_pool
from infer_compare.worker.child.buffers import pool_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.models.input_plan import InputPlan
    from infer_compare.request.axes import Setting

SMALLEST = 64
"""A pool is made for batches up to this size at once; most runs never need a larger one."""
SMALLEST_BYTES = 256 * 2**20
"""Unless the rows are so large that this much does not hold them: then it grows with the batches."""
KEPT = 0.5
"""A pool takes no more of the room on the disk: the rows in use stay until longer files replace them."""
NO_BATCH = 2**40
"""No batch is so large; rows without elements take no room."""


class PoolRoom:
    """What the rows of input take, against what a worker may hold and what the disk has room for."""

    def __init__(self, plans: Sequence[InputPlan], folder: Path, cap: int | None) -> None:
        """Writes nothing.

        Args:
            plans: what each input is filled with.
            folder: where the rows go.
            cap: the most resident memory of a worker, in bytes, which has to hold a batch.
        """
        self._plans = plans
        self._folder = folder
        self._cap = cap
        self.row = sum(row_bytes(plan) for plan in plans if plan.axis is not None)
        """Bytes of the largest sample, all inputs together."""

    def bytes(self, batch: int) -> int:
        """Return the bytes of the rows from which batches of a size are cut."""
        return pool_rows(batch, self.row) * self.row

    def fits_worker(self, point: OperatingPoint) -> bool:
        """Return whether the inputs of a point alone, without a framework and a model, are below the cap of a worker."""
        return self._cap is None or point.batch * self.row_at(point.axes) < self._cap

    def row_at(self, setting: Setting) -> int:
        """Return the bytes of one sample where the axes have these sizes, all inputs together."""
        return sum(row_bytes(plan, setting) for plan in self._plans if plan.axis is not None)

    def most(self) -> int:
        """Return the largest batch size for whose rows there is room on the disk; 0 where there is none."""
        free = int(KEPT * room(self._folder))
        low, high = 0, 1
        while high < NO_BATCH and self.bytes(high) <= free:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.bytes(middle) <= free else (low, middle)
        return low

    def check_worker(self, sizes: Sequence[int] | None, setting: Setting = ()) -> None:
        """Refuse batch sizes, None for automatic ones, of which a worker could hold none.

        Args:
            sizes: those that are asked for.
            setting: the smallest sizes of the other axes; without them the rows are the largest.

        Raises:
            InputError: naming the input, and what to do.
        """
        smallest = min(sizes or (1,))
        if not self.fits_worker(OperatingPoint(smallest, setting)):
            assert self._cap is not None
            raise InputError(
                f"{self._subject(smallest)}, and a worker may hold {size_text(self._cap)}; {_smaller(smallest)}, or raise "
                "--max-memory."
            )

    def check_disk(self, sizes: Sequence[int] | None) -> None:
        """Refuse batch sizes, None for automatic ones, for whose rows there is no room.

        Raises:
            InputError: naming the input, and what to do.
        """
        # A batch that no worker can hold is an answer, and needs no rows.
        largest = max((size for size in sizes or (1,) if self.fits_worker(OperatingPoint(size))), default=1)
        if largest > self.most():
            raise InputError(
                f"{self._subject(largest)}, which makes {size_text(self.bytes(largest))} of rows to choose from, and "
                f"{size_text(room(self._folder))} can be written to {self._folder}; {_smaller(largest)}, or name a run "
                "folder on another disk with -o."
            )

    def _subject(self, batch: int) -> str:
        plan = max(self._plans, key=row_bytes)
        shape = "x".join(map(str, plan.sample)) or "1"
        sentence = f"The input {plan.name!r} takes {size_text(row_bytes(plan))} a sample ({shape} of {plan.dtype})"
        if batch > 1:
            sentence += f", a batch of {batch} takes {size_text(batch * self.row)}"
        return sentence


def _smaller(batch: int) -> str:
    return "give it a smaller shape with --input" + (", name smaller --batch-sizes" if batch > 1 else "")


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
        setting: Setting = (),
    ) -> None:
        """Writes the first pool.

        Args:
            plans: what each input is filled with.
            seed: of the random rows.
            folder: where the files go.
            sizes: the batch sizes asked for, or None when exploring decides.
            cap: the most resident memory of a worker, in bytes.
            setting: the smallest sizes of the other axes; without them the rows are the largest.

        Raises:
            InputError: there is no room for the batches that are asked for; nothing was written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._plans = plans
        self._seed = seed
        self._folder = folder
        self._room = PoolRoom(plans, folder, cap)
        self._room.check_worker(sizes, setting)
        self._room.check_disk(sizes)
        self.most = self._room.most()
        """The largest batch size for which there is room on the disk."""
        self.free = tuple(plan.free for plan in plans)
        """Of each input the axes of a row whose size changes from point to point."""
        self.dtypes = tuple(plan.dtype for plan in plans)
        """Of each input."""
        self.largest = 0
        """The largest batch size that can be cut from it."""
        self.paths: tuple[Path, ...] = ()
        first = min(max(sizes) if sizes else SMALLEST, SMALLEST, self.most)
        while first > 1 and self._room.bytes(first) > SMALLEST_BYTES:
            first //= 2
        self.grow(OperatingPoint(first))

    def fits_worker(self, point: OperatingPoint) -> bool:
        """Return whether the inputs of a point alone, without a framework and a model, are below the cap of a worker."""
        return self._room.fits_worker(point)

    def grow(self, point: OperatingPoint) -> None:
        """Make sure that batches of an operating point can be cut from it.

        Raises:
            InputError: there is no room for them.
        """
        batch = point.batch
        if batch <= self.largest:
            return
        if batch > self.most:
            self._room.check_disk((batch,))
        # Doubling, so that a long curve rewrites the rows a few times only.
        largest = max(batch, min(2 * self.largest, self.most))
        self.paths = write_pool(self._plans, pool_rows(largest, self._room.row), self._seed, self._folder)
        self.largest = largest
