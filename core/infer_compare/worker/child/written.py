"""Writing outputs to files, for the parent to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from infer_compare.worker.protocol import Explore


class Written(NamedTuple):
    """The output files of a request, with the dtype and a digest of each."""

    paths: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    digests: tuple[bytes, ...] = ()
    again: tuple[int, ...] = ()
    """Indices of outputs that differed when the batch was run again."""


def write(outputs: Any, request: Explore) -> Written:  # noqa: ANN401 - what a third party's fetch returned
    """Write the requested rows of outputs; nothing if the request names no folder."""
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
    """Write the outputs that differ from those of the first run, and return their indices."""
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
    """Return a digest of an output, for comparing it with a later one without keeping it."""
    import hashlib

    import numpy as np

    # As bytes, since hashlib does not accept the buffer of a `bfloat16` array.
    return hashlib.blake2b(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).digest()


def _sampled(array: Any, index: int, request: Explore) -> Any:  # noqa: ANN401 - a numpy array
    """Return the requested rows of an output, or all of an output without a batch axis, which comparing detects."""
    axis = request.axes[index] if index < len(request.axes) else 0
    if axis < 0:
        axis = 0 if array.ndim and array.shape[0] == request.point.batch else -1
    rows = [row for row in request.rows if 0 <= axis < array.ndim and row < array.shape[axis]]
    return array.take(rows, axis=axis) if rows else array
