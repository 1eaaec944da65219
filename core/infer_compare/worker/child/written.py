"""Outputs that a worker writes for the parent to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from infer_compare.worker.protocol import Explore


class Written(NamedTuple):
    """What was written of outputs."""

    paths: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    digests: tuple[bytes, ...] = ()
    again: tuple[int, ...] = ()


def write(outputs: Any, request: Explore) -> Written:  # noqa: ANN401 - what a third party's fetch returned
    """Write the rows of outputs that a request asks for; nothing where it names no folder."""
    if request.outputs is None:
        return Written()
    import numpy as np

    from infer_compare.models.arrays import raw

    paths, dtypes, digests = [], [], []
    for index, output in enumerate(outputs):
        array = _sampled(np.asarray(output), index, request)
        path = request.output_path(index)
        np.save(path, raw(array), allow_pickle=False)
        paths.append(path)
        dtypes.append(array.dtype.name)
        digests.append(_digest(array))
    return Written(tuple(paths), tuple(dtypes), tuple(digests))


def write_again(outputs: Any, request: Explore, written: Written) -> tuple[int, ...]:  # noqa: ANN401 - see above
    """Write those outputs that are not what they were before, and return which these are."""
    import numpy as np

    from infer_compare.models.arrays import raw

    changed = []
    for index, output in enumerate(outputs):
        array = _sampled(np.asarray(output), index, request)
        if index < len(written.digests) and _digest(array) != written.digests[index]:
            np.save(request.output_path(index, again=True), raw(array), allow_pickle=False)
            changed.append(index)
    return tuple(changed)


def _digest(array: Any) -> bytes:  # noqa: ANN401 - a numpy array
    """Return a digest of an output, to compare it with later ones without keeping it."""
    import hashlib

    import numpy as np

    # Bytes, since the buffer of a `bfloat16` array is of a kind that hashlib does not take.
    return hashlib.blake2b(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).digest()


def _sampled(array: Any, index: int, request: Explore) -> Any:  # noqa: ANN401 - a numpy array
    """Return the rows of an output that were asked for; all of it where it has no batch axis, which comparing will see."""
    axis = request.axes[index] if index < len(request.axes) else 0
    if axis < 0:
        axis = 0 if array.ndim and array.shape[0] == request.point.batch else -1
    rows = [row for row in request.rows if 0 <= axis < array.ndim and row < array.shape[axis]]
    return array.take(rows, axis=axis) if rows else array
