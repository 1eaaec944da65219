"""Parts of a tensor by position: slices, crops and paddings."""

from __future__ import annotations

import operator as py
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import fx
from torch.nn import functional

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer import host
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import HostValue, Value, dtype_of, rank_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Ints, Scalar

FAR = 2**31 - 1
"""Ends from here on mean "to the end", as exporters write them."""


def take_slices(
    tensor: torch.Tensor,
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None,
    steps: Sequence[int] | None,
) -> torch.Tensor:
    """Return slices along axes, by numbers that are only known from a run; negative steps go backwards."""
    for axis, start, end, step in zip(
        range(len(starts)) if axes is None else axes,
        starts,
        ends,
        [1] * len(starts) if steps is None else steps,
        strict=True,
    ):
        tensor = take_slice(tensor, axis % tensor.dim(), start, end, step)
    return tensor


def take_slice(tensor: torch.Tensor, axis: int, start: int, end: int, step: int) -> torch.Tensor:
    """Return a slice along one axis."""
    before = (slice(None),) * axis
    if step > 0:
        return tensor[(*before, slice(start, end, step))]
    # torch has no negative steps: the same places are counted from the other end.
    size = tensor.shape[axis]
    first = max(min(start + size if start < 0 else start, size - 1), 0)
    last = min(max(end + size if end < 0 else end, -1), size - 1)
    return tensor.flip(axis)[(*before, slice(size - 1 - first, size - 1 - last, -step))]


@operator("Slice", 1, host=True)
def _slice_by_attributes(builder: Builder, node: Node, value: Value) -> Value:
    starts, ends = list(node.attributes["starts"]), list(node.attributes["ends"])
    axes = node.attributes.get("axes")
    return _sliced(builder, value, starts, ends, None if axes is None else list(axes), None)


@operator("Slice", 10, 11, 13, host=True)
def _slice(
    builder: Builder,
    _: Node,
    value: Value,
    starts: Value,
    ends: Value,
    axes: Value | None = None,
    steps: Value | None = None,
) -> Value:
    return _sliced(
        builder,
        value,
        builder.ints(starts),
        builder.ints(ends),
        None if axes is None else builder.ints(axes),
        None if steps is None else builder.ints(steps),
    )


def _sliced(builder: Builder, value: Value, starts: Ints, ends: Ints, axes: Ints | None, steps: Ints | None) -> Value:
    known = not any(isinstance(value, fx.Node) for value in (starts, ends, axes, steps))
    if isinstance(value, HostValue) and known:
        assert not isinstance(starts, fx.Node)
        assert not isinstance(ends, fx.Node)
        bounds = (starts[0], ends[0], 1 if steps is None else steps[0])  # type: ignore[index]
        if not any(isinstance(bound, fx.Node) for bound in bounds):
            first, last, step = (int(bound) for bound in bounds if not isinstance(bound, fx.Node))
            stop = None if step < 0 and last < -len(value.items) else last
            return host.pack(value.items[first:stop:step], scalar=False, dtype=value.dtype)
    tensor = builder.tensor(value)
    indices = _indices(rank_of(tensor), starts, ends, axes, steps) if known else None
    if indices is None:
        return builder.emit(take_slices, tensor, starts, ends, axes, steps)
    return builder.emit(py.getitem, tensor, indices)


def _indices(rank: int | None, starts: Any, ends: Any, axes: Any, steps: Any) -> tuple[slice, ...] | None:  # noqa: ANN401 - lists of numbers and nodes
    """Return the slices as Python writes them, or None if they go backwards or the axes are not known."""
    steps = [1] * len(starts) if steps is None else steps
    axes = list(range(len(starts))) if axes is None else axes
    if any(isinstance(value, fx.Node) for value in (*axes, *steps)) or any(step <= 0 for step in steps):
        return None
    if rank is None and any(axis < 0 for axis in axes):
        return None
    slices: dict[int, slice] = {}
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        whole = not isinstance(end, fx.Node) and end >= FAR
        slices[axis % rank if rank else axis] = slice(start, None if whole else end, step)
    return tuple(slices.get(axis, slice(None)) for axis in range(max(slices, default=-1) + 1))


MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def pad(
    tensor: torch.Tensor, pads: Sequence[int], mode: str, fill: float | torch.Tensor, axes: Sequence[int] | None
) -> torch.Tensor:
    """Return padding along any axes; negative paddings cut.

    Args:
        tensor: what is padded.
        pads: paddings at the starts of the axes, then at their ends.
        mode: ONNX's name of it.
        fill: what `constant` pads with.
        axes: the axes that the paddings are for; all of them if None.
    """
    chosen = list(range(tensor.dim())) if axes is None else [axis % tensor.dim() for axis in axes]
    starts, ends = pads[: len(chosen)], pads[len(chosen) :]
    if mode == "constant":
        by_axis = dict(zip(chosen, zip(starts, ends, strict=True), strict=True))
        flat = chain.from_iterable(by_axis.get(axis, (0, 0)) for axis in reversed(range(tensor.dim())))
        return functional.pad(tensor, tuple(flat), value=float(fill) if tensor.is_floating_point() else int(fill))
    for axis, start, end in zip(chosen, starts, ends, strict=True):
        # What a negative padding cuts is gone before anything is repeated.
        cut, size = max(-start, 0), tensor.shape[axis] + min(start, 0) + min(end, 0)
        places = torch.arange(-max(start, 0), size + max(end, 0), device=tensor.device)
        if mode == "edge":
            places = places.clamp(0, size - 1)
        elif mode == "wrap":
            places = places % size
        else:
            period = max(2 * (size - 1), 1)
            places = places.abs() % period
            places = torch.minimum(places, period - places)
        tensor = tensor.index_select(axis, places + cut)
    return tensor


@operator("Pad", 2)
def _pad_by_attributes(builder: Builder, node: Node, value: Value) -> Value:
    fill = node.attributes.get("value", 0.0)
    return _padded(builder, value, list(node.attributes["pads"]), node.attributes.get("mode", "constant"), fill, None)


@operator("Pad", 11, 13, 18, 19, 21, 23, 24, 25, host=True)
def _pad(
    builder: Builder, node: Node, value: Value, pads: Value, fill: Value | None = None, axes: Value | None = None
) -> Value:
    number: Scalar = 0 if fill is None else builder.number(fill)
    chosen = None if axes is None else builder.ints(axes)
    mode = node.attributes.get("mode", "constant")
    if mode not in MODES:
        raise UnsupportedModel(f"ONNX operator {node} pads by {mode!r}, which cannot be imported into torch.")
    return _padded(builder, builder.tensor(value), builder.ints(pads), mode, number, chosen)


def _padded(builder: Builder, value: Value, pads: Ints, mode: str, fill: Scalar, axes: Ints | None) -> Value:
    rank = rank_of(value)
    flat = _native_pads(rank, pads, axes)
    if flat is None:
        return builder.emit(pad, value, pads, mode, fill, axes)
    if not flat:
        return value
    if mode == "constant":
        return builder.emit(functional.pad, value, flat, "constant", fill)
    if rank in {3, 4, 5} and len(flat) == 2 * (rank - 2) and min(flat) >= 0 and _is_floating(value):
        return builder.emit(functional.pad, value, flat, MODES[mode])
    return builder.emit(pad, value, pads, mode, fill, axes)


def _is_floating(value: Value) -> bool:
    dtype = dtype_of(value)
    return dtype is not None and dtype.is_floating_point


def _native_pads(rank: int | None, pads: Any, axes: Any) -> tuple[int, ...] | None:  # noqa: ANN401 - lists of numbers and nodes
    """Return the paddings as `functional.pad` takes them, or None if not all of them are known."""
    if rank is None or isinstance(pads, fx.Node) or isinstance(axes, fx.Node):
        return None
    if any(isinstance(value, fx.Node) for value in (*pads, *(axes or ()))):
        return None
    chosen = list(range(rank)) if axes is None else [axis % rank for axis in axes]
    by_axis = {axis: (pads[index], pads[index + len(chosen)]) for index, axis in enumerate(chosen)}
    flat = [width for axis in reversed(range(rank)) for width in by_axis.get(axis, (0, 0))]
    while flat and flat[-2:] == [0, 0]:
        del flat[-2:]
    return tuple(flat)


def crop_or_pad(tensor: torch.Tensor, sizes: Sequence[int], axes: Sequence[int] | None) -> torch.Tensor:
    """Return the middle of a tensor, or the tensor in the middle of zeros, axis by axis."""
    chosen = list(range(tensor.dim())) if axes is None else [axis % tensor.dim() for axis in axes]
    starts, ends = [], []
    for axis, size in zip(chosen, sizes, strict=True):
        more = size - tensor.shape[axis]
        # The odd place goes to the end, both when places are added and when they are cut.
        start = more // 2 if more >= 0 else -(-more // 2)
        starts.append(start)
        ends.append(more - start)
    return pad(tensor, [*starts, *ends], "constant", 0, chosen)


@operator("CenterCropPad", 18, host=True)
def _crop_or_pad(builder: Builder, node: Node, value: Value, shape: Value) -> Value:
    axes = node.attributes.get("axes")
    return builder.emit(crop_or_pad, builder.tensor(value), builder.ints(shape), None if axes is None else list(axes))
