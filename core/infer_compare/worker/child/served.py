"""Serving batches whose rows and outputs pass through a file that is shared with the parent."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from infer_compare.timing import collector_paused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infer_compare.interfaces import Session
    from infer_compare.worker.child.buffers import Pool
    from infer_compare.worker.protocol import Room, Serve

WARM_CALLS = 3
"""Calls of each size before the first batch is accepted."""


class Served:
    """A session that runs batches of several sizes."""

    def __init__(self, session: Session[Any], pool: Pool, request: Serve) -> None:
        """Prepares every point, and makes room for the outputs at the end of the file.

        Args:
            session: runs the batches.
            pool: provides the layout in which the session takes the rows.
            request: the file, the places of the rows in it, and the batch sizes.
        """
        self._session = session
        self._pool = pool
        self._sizes = sorted(point.batch for point in request.points)
        self._slots: dict[int, Any] = {}
        self._stack = ExitStack()
        self._rooms = _mapped(request)
        self._batches: dict[int, list[tuple[NDArray[Any], bool]]] = {}
        self.room = 0
        """Bytes that the outputs of the largest batch take."""
        # The largest first, so that a framework's buffers need not grow repeatedly.
        for point in sorted(request.points, reverse=True):
            session.prepare(pool.named(point, session.inputs))
            for _ in range(WARM_CALLS):
                self.room = max(self.room, sum(array.nbytes for array in self._call(point.batch)))
        self._outputs = _lengthened(request.path, self.room)
        self._stack.enter_context(session.running())
        self._stack.enter_context(collector_paused())

    def run(self, rows: int) -> int:
        """Run the first rows in the file, write the outputs to it, and return their size in bytes.

        A batch size that was not prepared is padded to the next prepared size, with rows of earlier batches.
        """
        size = next(size for size in self._sizes if size >= rows)
        written = 0
        for array in self._call(size):
            flat = _bytes_of(array)
            end = min(self.room, written + len(flat))
            self._outputs[written:end] = flat[: end - written]
            written = end
        return written

    def release(self) -> None:
        """Release the buffers."""
        self._stack.close()
        for slot in self._slots.values():
            self._session.release(slot)

    def _call(self, size: int) -> Sequence[NDArray[Any]]:
        import numpy as np

        session = self._session
        views = self._batches.get(size)
        if views is None:
            views = self._batches[size] = self._pool.views(self._rooms, size)
        batch = [view if contiguous else np.array(view, order="C") for view, contiguous in views]
        slot = self._slots[size] = session.stage(batch, self._slots.get(size))
        session.run(slot)
        return session.fetch(slot)


def _mapped(request: Serve) -> list[NDArray[Any]]:
    """Return views of the rows of every input in the shared file, which the parent writes."""
    import numpy as np

    content = np.memmap(request.path, np.uint8, "r+")
    return [_array(content, room) for room in request.rooms]


def _array(content: NDArray[Any], room: Room) -> NDArray[Any]:
    import numpy as np

    return np.ndarray(room.shape, np.dtype(room.dtype), buffer=content.data, offset=room.offset)


def _lengthened(path: str, room: int) -> NDArray[Any]:
    """Extend a file by `room` bytes, and return the new part, mapped.

    Raises:
        OSError: the disk has no room for it.
    """
    import numpy as np

    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        begin = os.fstat(descriptor).st_size
        if not room:
            return np.empty(0, np.uint8)
        allocate = getattr(os, "posix_fallocate", None)
        if allocate is None:
            os.ftruncate(descriptor, begin + room)
        else:
            # Without allocating, writing to the mapping could kill the process if there is no room.
            allocate(descriptor, begin, room)
        return np.memmap(path, np.uint8, "r+", offset=begin, shape=(room,))
    finally:
        os.close(descriptor)


def _bytes_of(array: NDArray[Any]) -> NDArray[Any]:
    """Return the bytes of an array; none for an array of objects, such as texts."""
    import numpy as np

    if array.dtype.hasobject:
        return np.empty(0, np.uint8)
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
