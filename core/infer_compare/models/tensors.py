"""Reads tensors in ONNX files as arrays, memory-mapped if they are external, and dense if they are sparse."""

from __future__ import annotations

import math
import mmap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    Array = NDArray[Any]

PACKED = frozenset({21, 22, 23, 25, 26})
"""Types smaller than a byte: UINT4, INT4, FLOAT4E2M1, UINT2, INT2."""

LARGEST_DENSE = 2**30
"""The most bytes of all sparse tensors of a model in dense form; a small file can claim any size."""


def is_external(tensor: onnx.TensorProto) -> bool:
    """Return whether the data of a tensor is in another file."""
    from onnx import TensorProto

    return bool(tensor.data_location == TensorProto.EXTERNAL)


def array_of(tensor: onnx.TensorProto) -> Array:
    """Return the elements of a tensor; external data, which `open_onnx` has checked, is memory-mapped."""
    import numpy as np
    from onnx import helper, numpy_helper

    if not is_external(tensor):
        read: Array = numpy_helper.to_array(tensor)
        return read
    entries = {entry.key: entry.value for entry in tensor.external_data}
    dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    offset = int(entries.get("offset") or 0)
    array = np.memmap(entries["location"], dtype, "r", offset, tuple(tensor.dims))
    return np.asarray(array) if array.flags.aligned else np.array(array)


def release(array: Array) -> None:
    """Release the memory of a mapped array; pages used later are read again."""
    base: object = array
    while base is not None:
        if isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)
        base = getattr(base, "base", None)


def is_mapped(array: Array) -> bool:
    """Return whether an array is memory-mapped."""
    base: object = array
    while base is not None and not isinstance(base, mmap.mmap):
        base = getattr(base, "base", None)
    return base is not None


def dense_array(sparse: onnx.SparseTensorProto, room: int = LARGEST_DENSE) -> Array:
    """Return a sparse tensor in dense form.

    Args:
        sparse: a sparse tensor whose data is in the model file.
        room: the most bytes that it may take.

    Raises:
        ValueError: its data is in another file, it is too large, or it contradicts itself.
    """
    import numpy as np
    from onnx import helper, numpy_helper

    if is_external(sparse.values) or is_external(sparse.indices):
        raise ValueError("its numbers lie in another file")
    shape = tuple(sparse.dims)
    dtype = helper.tensor_dtype_to_np_dtype(sparse.values.data_type)
    if min(shape, default=0) < 0 or dense_bytes(sparse) > room:
        raise ValueError(f"with its zeros it is {list(shape)}, and at most {LARGEST_DENSE >> 30} GiB are made in all")
    values, places = numpy_helper.to_array(sparse.values), numpy_helper.to_array(sparse.indices)
    if places.ndim == 2:
        if places.shape[1] != len(shape):
            raise ValueError(f"its indices have {places.shape[1]} axes, and its shape has {len(shape)}")
        places = np.ravel_multi_index(tuple(places.T), shape)
    size = math.prod(shape)
    if places.shape != values.shape or ((places < 0) | (places >= size)).any():
        raise ValueError("its indices do not fit its values and its shape")
    array = np.zeros(size, dtype)
    array[places] = values
    return array.reshape(shape)


def dense_tensor(sparse: onnx.SparseTensorProto, room: int = LARGEST_DENSE) -> onnx.TensorProto:
    """Return a sparse tensor as a dense tensor; errors as `dense_array`."""
    from onnx import numpy_helper

    return numpy_helper.from_array(dense_array(sparse, room), sparse.values.name)


def dense_bytes(sparse: onnx.SparseTensorProto) -> int:
    """Return the size in bytes of a sparse tensor in dense form."""
    from onnx import helper

    item: int = helper.tensor_dtype_to_np_dtype(sparse.values.data_type).itemsize
    return int(math.prod(sparse.dims)) * item
