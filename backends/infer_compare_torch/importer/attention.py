"""Attention as torch's own function, which holds no matrix of scores in memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import fx
from torch.nn import functional

from infer_compare.backends.onnx_graphs import AttentionFinder
from infer_compare_torch.importer.values import HostValue, TensorValue, Value, dtype_of, shape_of

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Attention, Graph, Mask, Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Tensorial

    Shape = tuple[int | None, ...]

HIDES = -1e9
"""Added to a score, a number as low as this leaves it no weight beside another that is kept."""

FLOATS = frozenset({torch.float32, torch.float64, torch.float16, torch.bfloat16})


def without_keys_nan(mask: torch.Tensor) -> torch.Tensor:
    """Return a mask whose rows without any key are NaN, as a softmax over -inf alone is; torch's function gives zeros."""
    return mask.masked_fill((mask == -math.inf).all(-1, keepdim=True), math.nan)


def as_added(condition: torch.Tensor, fill: float, kept: bool, dtype: torch.dtype) -> torch.Tensor:
    """Return an additive mask: zero where a condition, or its opposite, keeps a score, and the fill elsewhere."""
    mask = torch.zeros(condition.shape, dtype=dtype, device=condition.device)
    return mask.masked_fill(~condition if kept else condition, fill)


def is_causal(mask: torch.Tensor, queries: int | None, keys: int | None) -> bool:
    """Return whether a known mask hides from each token those behind it, and does nothing else.

    Args:
        mask: to be added to the scores.
        queries: how many rows the scores have, if that is known.
        keys: how many columns.
    """
    if mask.dim() < 2 or queries is None or queries != keys or mask.shape[-2:] != (queries, keys):
        return False
    if mask.numel() != queries * queries:
        return False
    square = mask.reshape(queries, queries)
    behind = torch.ones_like(square, dtype=torch.bool).triu(1)
    return bool((square.masked_select(behind) <= HIDES).all() and (square.masked_select(~behind) == 0).all())


class AttentionFusion:
    """Attention in a graph, where torch's function takes it as it is."""

    def __init__(self, graph: Graph) -> None:
        """Look at no node yet."""
        self._finder = AttentionFinder(graph)
        self._masks: dict[tuple[Mask, bool, int], Tensorial] = {}
        """Masks as the function takes them: layers share them."""

    def __call__(self, builder: Builder, node: Node) -> Value | None:
        """Return the attention that ends with the node, or None if there is none, or torch's function does not take it."""
        attention = self._finder.ending_in(node, lambda name: number(builder.scope.get(name)))
        if attention is None:
            return None
        query, keys, value = (
            builder.tensor(builder.scope[name]) for name in (attention.query, attention.keys, attention.value)
        )
        if not _fits(query, keys, value, attention.axis):
            return None
        named: dict[str, object] = {"scale": attention.scale}
        if attention.mask is not None:
            mask = self._mask(builder, attention, query, keys)
            if mask is None:
                return None
            causal = isinstance(mask, torch.Tensor) and is_causal(mask, _sizes(query)[-2], _sizes(keys)[-1])
            # With this flag, the function skips the hidden half.
            named |= {"is_causal": True} if causal else {"attn_mask": mask}
        key = self._folded(builder, attention.keys) or untransposed(builder, keys)
        return _call(builder, query, key, value, named)

    def _folded(self, builder: Builder, name: str) -> Tensorial | None:
        """Return the keys of which a value is the transpose, where an exporter transposed them by way of three axes.

        It would copy them: keys whose heads were moved cannot be seen as one batch of matrices.
        """
        unfold = self._finder.maker(name, "Reshape")
        turn = None if unfold is None else self._finder.maker(unfold.inputs[0], "Transpose")
        fold = None if turn is None else self._finder.maker(turn.inputs[0], "Reshape")
        if unfold is None or turn is None or fold is None or turn.attributes.get("perm") != (0, 2, 1):
            return None
        source = builder.tensor(builder.scope[fold.inputs[0]])
        folded, unfolded = (builder.ints(builder.scope[node.inputs[1]]) for node in (fold, unfold))
        shape = shape_of(source)
        if shape is None or isinstance(folded, fx.Node) or isinstance(unfolded, fx.Node):
            return None
        *leading, keys, width = (builder.size(source, axis) for axis in range(len(shape)))
        same = len(folded) == 3 and list(folded[1:]) == [keys, width] and list(unfolded[-2:]) == [width, keys]
        # One size that the operator works out is what the others leave.
        known = [one for one, size in zip(unfolded, leading, strict=False) if one == size]
        rest = list(unfolded[:-2]).count(-1)
        return (
            source if same and len(unfolded) == len(shape) and len(known) + rest == len(leading) and rest < 2 else None
        )

    def _mask(self, builder: Builder, attention: Attention, query: Tensorial, keys: Tensorial) -> Tensorial | None:
        """Return the mask as it is added to the scores; None if it gives the scores another shape, or another dtype."""
        mask, dtype = attention.mask, dtype_of(query)
        assert mask is not None
        value, scores = builder.scope[mask.name], (*_sizes(query)[:-1], _sizes(keys)[-1])
        wanted = dtype if mask.how == "added" else torch.bool
        shape = shape_of(value)
        if dtype_of(value) != wanted or shape is None or not _broadcasts(shape, scores):
            return None
        key = (mask, attention.zeroed, len(scores))
        if key not in self._masks:
            made = builder.tensor(value)
            if mask.how != "added":
                made = builder.emit(as_added, made, mask.fill, mask.how == "kept", dtype)
            if not attention.zeroed and (mask.how == "added" or mask.fill == -math.inf):
                made = builder.emit(without_keys_nan, made)
            self._masks[key] = _aligned(builder, made, len(shape), len(scores))
        return self._masks[key]


def number(value: Value | None) -> float | None:
    """Return a value as a number if it is known and has one element, which leaves shapes unchanged; otherwise None."""
    match value:
        case torch.Tensor() if value.numel() == 1 and value.dim() <= 2 and not value.is_complex():
            return float(value.item())
        case HostValue(items=(item,)) if not isinstance(item, fx.Node):
            return float(item)
        case _:
            return None


def untransposed(builder: Builder, keys: Tensorial) -> Tensorial:
    """Return keys as [..., keys, width], by one view of what they were transposed from."""
    if isinstance(keys, TensorValue) and keys.node.op == "call_method" and keys.node.target == "permute":
        source, order = keys.node.args
        assert isinstance(order, (tuple, list))
        *leading, row, column = order
        return builder.emit("permute", source, (*leading, column, row))
    return builder.emit("transpose", keys, -2, -1)


def _sizes(value: Tensorial) -> Shape:
    """Return the shape of a tensor of known rank."""
    shape = shape_of(value)
    assert shape is not None
    return shape


def _fits(query: Tensorial, keys: Tensorial, value: Tensorial, axis: int) -> bool:
    """Return whether torch's function takes these queries, keys and values."""
    shapes = [shape_of(tensor) for tensor in (query, keys, value)]
    of_query, of_keys, of_value = shapes
    if of_query is None or of_keys is None or of_value is None:
        return False
    rank = len(of_query)
    return (
        rank in {3, 4}
        and all(shape is not None and len(shape) == rank for shape in shapes)
        and axis in {-1, rank - 1}
        and dtype_of(query) in FLOATS
        and dtype_of(query) == dtype_of(keys) == dtype_of(value)
        # A product broadcasts; the function has one batch and as many heads for all three.
        and of_query[:-2] == of_keys[:-2] == of_value[:-2]
        # Its fast form has one width for all three.
        and of_query[-1] is not None
        and of_query[-1] == of_value[-1]
    )


def _broadcasts(mask: Shape, scores: Shape) -> bool:
    """Return whether a mask leaves the shape of the scores as it is."""
    if len(mask) > len(scores):
        return False
    pairs = list(zip(mask[::-1], scores[::-1], strict=False))
    # A mask of as many tokens as the model was made for meets scores of a free axis; in a batch axis it would add rows.
    return all(
        pair in {1, score} or (pair is None and score != 1) or (score is None and place < 2)
        for place, (pair, score) in enumerate(pairs)
    )


def _aligned(builder: Builder, mask: Tensorial, rank: int, wanted: int) -> Tensorial:
    """Return the mask with as many axes as the function takes: two, or four."""
    if wanted == 3 and rank == 3:
        return builder.emit("unsqueeze", mask, 1)
    for _ in range(rank, 2 if rank <= 2 else 4):
        mask = builder.emit("unsqueeze", mask, 0)
    return mask


def _call(builder: Builder, query: Tensorial, key: Tensorial, value: Tensorial, named: dict[str, object]) -> Tensorial:
    """Return the function's call; matrices without heads have one head."""
    single = len(_sizes(query)) == 3
    if single:
        query, key, value = (builder.emit("unsqueeze", tensor, 1) for tensor in (query, key, value))
    made = builder.emit(functional.scaled_dot_product_attention, query, key, value, **named)
    return builder.emit("squeeze", made, 1) if single else made
