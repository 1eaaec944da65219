"""The pool of input rows of a run, written by the parent process and mapped by every worker."""

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
"""The first pool is made for batches up to this size; most runs never need a larger one."""
SMALLEST_BYTES = 256 * 2**20
"""The first pool is made for smaller batches if it would exceed this; it then grows with the batches."""
KEPT = 0.5
"""Largest share of the free disk space for a pool: when it grows, the old files stay until the new ones replace them."""
NO_BATCH = 2**40
"""Larger than any batch; ends the search if rows have no elements and take no room."""


class PoolRoom:
    """Compares the size of input rows with the memory of a worker and the free disk space."""

    def __init__(self, plans: Sequence[InputPlan], folder: Path, cap: int | None) -> None:
        """Writes nothing.

        Args:
            plans: what each input is filled with.
            folder: of the pool.
            cap: the memory limit of a worker in bytes; a batch must fit into it.
        """
        self._plans = plans
        self._folder = folder
        self._cap = cap
        self.row = sum(row_bytes(plan) for plan in plans if plan.axis is not None)
        """Bytes of the largest sample, all inputs together."""

    def bytes(self, batch: int) -> int:
        """Return the size in bytes of a pool for batches of a size."""
        return pool_rows(batch, self.row) * self.row

    def fits_worker(self, point: OperatingPoint) -> bool:
        """Return whether the inputs of a point alone, without framework and model, are below the memory limit of a worker."""
        return self._cap is None or point.batch * self.row_at(point.axes) < self._cap

    def row_at(self, setting: Setting) -> int:
        """Return the bytes of one sample at a setting of the other axes, all inputs together."""
        return sum(row_bytes(plan, setting) for plan in self._plans if plan.axis is not None)

    def most(self) -> int:
        """Return the largest batch size whose pool fits on the disk; 0 if none does."""
        free = int(KEPT * room(self._folder))
        low, high = 0, 1
        while high < NO_BATCH and self.bytes(high) <= free:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.bytes(middle) <= free else (low, middle)
        return low

    def check_worker(self, sizes: Sequence[int] | None, setting: Setting = ()) -> None:
        """Check that a worker can hold the smallest of some batch sizes.

        Args:
            sizes: the requested batch sizes; None for automatic ones.
            setting: the smallest sizes of the other axes; if it is empty, rows have their full size.

        Raises:
            InputError: a worker cannot; the message names the largest input and a remedy.
        """
        smallest = min(sizes or (1,))
        if not self.fits_worker(OperatingPoint(smallest, setting)):
            assert self._cap is not None
            raise InputError(
                f"{self._subject(smallest)}, and a worker may hold {size_text(self._cap)}; {_smaller(smallest)}, or raise "
                "--max-memory."
            )

    def check_disk(self, sizes: Sequence[int] | None) -> None:
        """Check that the disk has room for the rows of some batch sizes, None for automatic ones.

        Raises:
            InputError: it has not; the message names the largest input and a remedy.
        """
        # A batch that no worker can hold is reported as such, and needs no rows.
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
    """The files with a run's input rows, one `.npy` file per input; rows depend on the seed, not on their number."""

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
            folder: for the files.
            sizes: the requested batch sizes; None for automatic ones.
            cap: the memory limit of a worker in bytes.
            setting: the smallest sizes of the other axes; if it is empty, rows have their full size.

        Raises:
            InputError: there is no room for the requested batches; nothing was written.
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
        """For each input, the axes of a row whose size varies between operating points."""
        self.dtypes = tuple(plan.dtype for plan in plans)
        """Of each input."""
        self.largest = 0
        """The largest batch size for which the pool has enough rows."""
        self.paths: tuple[Path, ...] = ()
        first = min(max(sizes) if sizes else SMALLEST, SMALLEST, self.most)
        while first > 1 and self._room.bytes(first) > SMALLEST_BYTES:
            first //= 2
        self.grow(OperatingPoint(first))

    def fits_worker(self, point: OperatingPoint) -> bool:
        """Return whether the inputs of a point alone, without framework and model, are below the memory limit of a worker."""
        return self._room.fits_worker(point)

    def grow(self, point: OperatingPoint) -> None:
        """Enlarge the pool, if needed, for batches of an operating point.

        Raises:
            InputError: there is no room for them.
        """
        batch = point.batch
        if batch <= self.largest:
            return
        if batch > self.most:
            self._room.check_disk((batch,))
        # By doubling, a long curve rewrites the rows only a few times.
        largest = max(batch, min(2 * self.largest, self.most))
        self.paths = write_pool(self._plans, pool_rows(largest, self._room.row), self._seed, self._folder)
        self.largest = largest
