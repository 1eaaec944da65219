"""Finds attention in an ONNX graph: products, a scale, a mask and a softmax, for which frameworks have a single function.

Exporters write attention as five or more operators, which together compute
`softmax(scale * query @ key^T + mask) @ value`. This module only looks at the graph: the importer says which values are
known numbers, and decides by shapes and dtypes whether its framework's function can compute the attention.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from infer_compare.models.onnx_graph import DEFAULT_DOMAINS, captured_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from infer_compare.models.onnx_graph import Graph, Node

    Numbers = Callable[[str], float | None]
    """The number that a value of one element is, by its name; None if it is not known, or has more elements.

    A value of more than two axes is not a number: it may add axes to what it is multiplied with.
    """

ABSORBS = -1e30
"""For a fill as low as this, adding it to the score has the same effect as replacing the score."""

FLOATS = (1, 10, 16)
"""ONNX's element types float, float16 and bfloat16."""
FLOAT = 1


How = Literal["added", "kept", "replaced"]
KEPT: How = "kept"
REPLACED: How = "replaced"


@dataclass(frozen=True, slots=True)
class Mask:
    """A mask of attention scores."""

    name: str
    """A value that broadcasts to the scores."""
    how: How
    """Whether the value is added to the scores, or true where a score is kept, or true where it is replaced."""
    fill: float = 0.0
    """The value that replaces masked scores: minus infinity, or so low that it could also be added."""


@dataclass(frozen=True, slots=True)
class Attention:
    """One attention, by the names of its values: `softmax(scale * query @ keys + mask) @ value`."""

    query: str
    """[..., queries, width]."""
    keys: str
    """Transposed: [..., width, keys]."""
    value: str
    """[..., keys, width]."""
    scale: float
    """Positive and finite."""
    mask: Mask | None
    axis: int
    """The axis of the softmax as the node states it; it must be the last axis, for which -1 also stands."""
    zeroed: bool
    """Whether a query whose keys are all masked gets zeros; otherwise it gets NaN, the softmax of only -inf."""
    output: str
    """The name of the result."""


class _Scores(NamedTuple):
    query: str
    keys: str
    scale: float


class AttentionFinder:
    """Finds attention in a graph, from its last product backwards."""

    def __init__(self, graph: Graph) -> None:
        """Look at no node yet."""
        self._makers = {name: node for node in graph.nodes for name in node.outputs if name}
        self._uses = Counter(name for node in graph.nodes for name in (*node.inputs, *captured_names(node)))
        self._uses.update(graph.output_names)
        self._constants = graph.constants

    def ending_in(self, node: Node, number: Numbers | None = None) -> Attention | None:
        """Return the attention whose last operator is the node, or None if it is not the end of one.

        The values between the scores and the weights have no other uses, so an importer that computes the whole attention
        at this node makes the other nodes unused.

        Args:
            node: a node of the graph.
            number: returns the known number of a value; by default only the graph's constants are known.
        """
        if not _is(node, "MatMul"):
            return None
        number = number or self.constant
        weights, zeroed = self._unguarded(node.inputs[0], number)
        softmax = self._made_by(weights, "Softmax", uses=2 if zeroed else 1)
        if softmax is None:
            return None
        masked = self._masked(self._through(softmax.inputs[0], (FLOAT,)), number)
        if masked is None:
            return None
        scores, mask = masked
        if not 0 < scores.scale < math.inf:
            return None
        axis = softmax.attributes.get("axis", -1 if softmax.opset >= 13 else 1)
        return Attention(
            query=scores.query,
            keys=scores.keys,
            value=node.inputs[1],
            scale=scores.scale,
            mask=mask,
            axis=axis,
            zeroed=zeroed,
            output=node.outputs[0],
        )

    def maker(self, name: str, op_type: str) -> Node | None:
        """Return the node that computes a value; None if that is not a node of this operator."""
        node = self._makers.get(name)
        return node if node is not None and _is(node, op_type) else None

    def constant(self, name: str) -> float | None:
        """Return the number in a constant of one element; None for any other value."""
        array = self._constants.get(name)
        if array is None or array.size != 1 or array.ndim > 2 or array.dtype.kind not in "biuf":
            return None
        return float(array.item())

    def _unguarded(self, weights: str, number: Numbers) -> tuple[str, bool]:
        """Return the value that the softmax makes, and whether its NaNs become zeros on the way to the product."""
        weights = self._through(weights, FLOATS)
        guard = self._made_by(weights, "Where")
        if guard is None:
            return weights, False
        test, zero, kept = guard.inputs
        is_nan = self._made_by(test, "IsNaN")
        if is_nan is None or is_nan.inputs[0] != kept or self._uses[kept] != 2 or number(zero) != 0:
            return "", False
        return kept, True

    def _masked(self, name: str, number: Numbers) -> tuple[_Scores, Mask | None] | None:
        """Return the scores and the mask that a value is made of."""
        total = self._made_by(name, "Add")
        if total is not None:
            for one, other in (total.inputs, total.inputs[::-1]):
                scores = self._scores(one, number)
                if scores is not None:
                    return scores, Mask(other, "added")
            return None
        choice = self._made_by(name, "Where")
        if choice is not None:
            condition, then, other = choice.inputs
            for one, filler, how in ((then, other, KEPT), (other, then, REPLACED)):
                fill = number(filler)
                scores = self._scores(one, number)
                if scores is not None and fill is not None and fill <= ABSORBS:
                    return scores, Mask(condition, how, fill)
            return None
        scores = self._scores(name, number)
        return None if scores is None else (scores, None)

    def _scores(self, name: str, number: Numbers) -> _Scores | None:
        """Return the query, the keys and the scale that a value is made of."""
        name, scale = self._unscaled(name, number)
        product = self._made_by(name, "MatMul")
        if product is None:
            return None
        query, of_query = self._unscaled(product.inputs[0], number)
        keys, of_keys = self._unscaled(product.inputs[1], number)
        return _Scores(query, keys, scale * of_query * of_keys)

    def _unscaled(self, name: str, number: Numbers) -> tuple[str, float]:
        """Return the value that a value is a multiple of, and the factor; a value that others use too is left as it is."""
        scale = 1.0
        while True:
            if (node := self._made_by(name, "Mul")) is not None:
                known = [number(value) for value in node.inputs]
                at = next((index for index, value in enumerate(known) if value is not None), None)
                factor = None if at is None else known[at]
                rest = node.inputs[1 if at == 0 else 0]
            elif (node := self._made_by(name, "Div")) is not None:
                divisor, rest = number(node.inputs[1]), node.inputs[0]
                factor = 1 / divisor if divisor else None
            elif (node := self._made_by(name, "Identity")) is not None:
                factor, rest = 1.0, node.inputs[0]
            else:
                return name, scale
            if factor is None:
                return name, scale
            name, scale = rest, scale * factor

    def _through(self, name: str, casts: Collection[int]) -> str:
        """Return the value that a value is a copy of: casts between floats lie between them, or what only training does."""
        while name in self._makers and self._uses[name] == 1:
            node = self._makers[name]
            idle = _is(node, "Identity") or (_is(node, "Dropout") and self._is_idle(node))
            if not idle and not (_is(node, "Cast") and node.attributes.get("to") in casts):
                break
            name = node.inputs[0]
        return name

    def _is_idle(self, dropout: Node) -> bool:
        """Return whether a dropout passes its input on: it is not training, and its mask is not used."""
        training = dropout.inputs[2] if len(dropout.inputs) > 2 else ""
        return not any(self._uses[name] for name in dropout.outputs[1:]) and (
            not training or self.constant(training) == 0
        )

    def _made_by(self, name: str, op_type: str, uses: int = 1) -> Node | None:
        """Return the node that makes a value, if it is of that operator and the value has no other uses."""
        return self.maker(name, op_type) if self._uses[name] <= uses else None


def _is(node: Node, op_type: str) -> bool:
    return node.op_type == op_type and node.domain in DEFAULT_DOMAINS
