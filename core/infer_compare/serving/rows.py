"""The file that carries input rows to a worker, and its outputs back."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from infer_compare.errors import InputError, ProtocolViolation
from infer_compare.worker.child.buffers import mapped
from infer_compare.worker.protocol import Room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infer_compare.request.axes import Setting
    from infer_compare.worker.protocol import Inputs

MEMORY = Path("/dev/shm")  # noqa: S108 - on Linux a file system in memory, where writing wakes no disk
ALIGNED = 4096
SPARE = 16 * 2**20
"""Bytes to leave free in memory, besides room for outputs as large as the inputs."""


class Rows:
    """The rows of a run's input pool, in the order of a contender's inputs, cut to one setting of the other axes."""

    def __init__(self, inputs: Inputs, setting: Setting) -> None:
        """Maps the files of the pool.

        Args:
            inputs: the files, in the order of the contender's inputs.
            setting: the sizes of the other axes.
        """
        sizes = dict(setting)
        shared = inputs.shared or (False,) * len(inputs.paths)
        free = inputs.free or ((),) * len(inputs.paths)
        self.inputs: list[tuple[NDArray[Any], bool]] = []
        for array, same, axes in zip(mapped(inputs.paths), shared, free, strict=True):
            cut: list[slice] = [slice(None)] * array.ndim
            for place, name in axes:
                cut[place + 1] = slice(sizes.get(name))
            self.inputs.append((array[tuple(cut)], same))
        self.count = min((len(array) for array, same in self.inputs if not same), default=1)

    def rooms(self, largest: int) -> tuple[list[Room], int]:
        """Return the place of each input of a batch of `largest` rows in a file, and the length of the file in bytes."""
        rooms, end = [], 0
        for array, same in self.inputs:
            shape = (1 if same else largest, *array.shape[1:])
            rooms.append(Room(offset=end, shape=shape, dtype=array.dtype.str))
            length = array.dtype.itemsize
            for size in shape:
                length *= size
            end += -(-length // ALIGNED) * ALIGNED
        return rooms, max(end, ALIGNED)

    def pieces(self, place: int, first: int, count: int) -> list[NDArray[Any]]:
        """Return the rows of one input for `count` requests, beginning with number `first`.

        Beyond the end of the pool, rows are used again from its beginning. The list is empty for an input without a batch axis,
        whose only row serves every batch.
        """
        array, same = self.inputs[place]
        pieces: list[NDArray[Any]] = []
        while count and not same:
            begin = first % self.count
            piece = array[begin : begin + count]
            pieces.append(piece)
            first, count = first + len(piece), count - len(piece)
        return pieces


class SharedFile:
    """A file to which this process writes rows and from which it reads outputs; one worker maps it.

    This process does not map the file: a worker that truncates a mapped file would kill it.
    """

    def __init__(self, rows: Rows, largest: int, scratch: Path) -> None:
        """Creates the file, in memory if there is room.

        Args:
            rows: what is written to it.
            largest: the most rows that a batch has.
            scratch: a folder on disk, used if there is no room in memory.

        Raises:
            InputError: there is no room.
        """
        self._rows = rows
        self.rooms, self._length = rows.rooms(largest)
        self._descriptor, path = tempfile.mkstemp(
            prefix=f"infer-compare-{os.getpid()}-", dir=_place(self._length, scratch)
        )
        self.path = Path(path)
        self._outputs = 0
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self._descriptor, 0, self._length)
            else:
                os.ftruncate(self._descriptor, self._length)
        except OSError as error:
            self.close()
            raise InputError(
                f"A batch of {largest} takes {self._length / 2**20:.0f} MiB of inputs, and there is no room for it in "
                f"{self.path.parent} ({error.strerror}); free some space, or serve smaller batches."
            ) from error
        except BaseException:
            self.close()
            raise
        for place, (array, same) in enumerate(rows.inputs):
            if same:
                self._write(array, self.rooms[place].offset)

    def opened(self, outputs: int) -> None:
        """Note that the worker has mapped the file, whose name is then removed.

        Args:
            outputs: the most bytes of outputs that it can hold.
        """
        self._outputs = outputs
        self.path.unlink(missing_ok=True)

    def write(self, first: int, count: int) -> None:
        """Copy the rows of requests into the file.

        Args:
            first: the number of the first request.
            count: how many there are.
        """
        for place, room in enumerate(self.rooms):
            offset = room.offset
            for piece in self._rows.pieces(place, first, count):
                offset += self._write(piece, offset)

    def _write(self, array: NDArray[Any], offset: int) -> int:
        import numpy as np

        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        done = 0
        while done < len(content):
            done += os.pwrite(self._descriptor, content[done:], offset + done)
        return done

    def outputs(self, length: int) -> bytes:
        """Return the outputs of the last batch.

        Raises:
            ProtocolViolation: they are longer than the worker has room for.
        """
        if length > self._outputs:
            raise ProtocolViolation(f"The worker announced outputs of {length} bytes; it has room for {self._outputs}.")
        return os.pread(self._descriptor, length, self._length)

    def close(self) -> None:
        """Close and remove the file; closing it twice is fine."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _place(length: int, scratch: Path) -> Path:
    """Return the folder for a file of `length` bytes: the file system in memory if the file fits twice, else `scratch`."""
    with contextlib.suppress(OSError):
        room = os.statvfs(MEMORY)
        if room.f_bavail * room.f_frsize >= 2 * length + SPARE and os.access(MEMORY, os.W_OK):
            return MEMORY
    return scratch
