"""Rewrites a model with a fixed batch axis into a model with a free batch axis.

A file exported for one batch size contains this size not only in the shapes of its inputs, but also in the targets of
`Reshape`, the ends of `Slice`, and constants that are concatenated to a batch. Shapes are inferred twice, for the size of
the file and for seven times as many rows. An axis that grew is the batch; if it is lost after a node, the node's constant
is rewritten. The result is a guess that must be proved.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from infer_compare.models.figures import shapes_at, without_weights
from infer_compare.models.graph_edit import GraphEdit
from infer_compare.models.onnx_graph import DEFAULT_DOMAINS
from infer_compare.models.specs import BATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import onnx

    from infer_compare.models.figures import Shapes

GROWTH = 7
"""Factor between the numbers of rows of both shape inferences."""

MAX_REWRITES = 1000
"""The most rewritten nodes, since shapes are inferred again after each."""

OLDEST_OPSET = 10
"""The first opset in which `Slice` takes its bounds as inputs; in older files only targets of `Reshape` are rewritten."""

TO_THE_END = 2**63 - 1
"""The end of a slice that takes everything."""


class Unproved(Exception):
    """The batch axis cannot be made free; the message says why, as the end of a sentence."""


def with_free_batch(model: onnx.ModelProto, fixed: int) -> onnx.ModelProto:
    """Return a copy of a model with a free first axis of its inputs and outputs, called `batch`.

    Args:
        model: a model with its weights; all its inputs have the first axis `fixed`, and no free axes.
        fixed: the batch size of the file.

    Raises:
        Unproved: its shapes cannot be inferred, or an output does not grow with the batch.
    """
    import onnx.inliner
    import onnx.shape_inference

    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    draft = _Draft(model, fixed)
    draft.rewrite()
    try:
        onnx.shape_inference.infer_shapes(without_weights(draft.model), strict_mode=True, data_prop=True)
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError) as error:
        raise Unproved(f"its shapes no longer fit one another ({_first_line(error)})") from error
    return draft.model


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


class _Draft:
    """A model that is being rewritten."""

    def __init__(self, model: onnx.ModelProto, fixed: int) -> None:
        import onnx

        shapes = shapes_at(model, {})
        if shapes is None:
            raise Unproved("the shapes in it cannot be inferred")
        self._fixed = fixed
        self._before: Shapes = shapes
        self._after: Shapes = {}
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        del self.model.graph.value_info[:]
        self._edit = GraphEdit(self.model)
        constants = {tensor.name for tensor in model.graph.initializer}
        self._inputs = [value.name for value in model.graph.input if value.name not in constants]
        for value in self.model.graph.input:
            if value.name in self._inputs:
                value.type.tensor_type.shape.dim[0].dim_param = BATCH
        self._opset = max((opset.version for opset in model.opset_import if opset.domain in DEFAULT_DOMAINS), default=1)

    def rewrite(self) -> None:
        """Rewrite node by node, inferring the shapes again after each rewrite."""
        for _ in range(MAX_REWRITES):
            shapes = shapes_at(self.model, {}, batch=GROWTH * self._fixed)
            if shapes is None:
                raise Unproved("the shapes in it cannot be inferred for another batch size")
            self._after = shapes
            if not any(self._change(node) for node in list(self.model.graph.node)):
                break
        else:
            raise Unproved(f"more than {MAX_REWRITES} of its nodes hold the batch size")
        self._name_outputs()

    def _name_outputs(self) -> None:
        for value in self.model.graph.output:
            before, after = self._before.get(value.name), self._after.get(value.name)
            if before is not None and after is not None and self._axis(value.name) != 0:
                raise Unproved(
                    f"its output {value.name!r} would be {list(after)} for {GROWTH * self._fixed} rows, so that it has "
                    "no batch axis"
                )
            shape = value.type.tensor_type.shape
            if shape.dim:
                shape.dim[0].dim_param = BATCH

    def _axis(self, name: str) -> int | None:
        """Return which axis of a value grows with the batch; None if none or more than one does."""
        before, after = self._before.get(name, ()), self._after.get(name, ())
        if len(before) != len(after):
            return None
        grown = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        return grown[0] if len(grown) == 1 and after[grown[0]] == GROWTH * before[grown[0]] else None

    def _change(self, node: onnx.NodeProto) -> bool:
        """Rewrites a node where it holds the batch size; whether it did."""
        rules: dict[str, Callable[[onnx.NodeProto], bool]] = {
            "Reshape": self._reshape,
            "Expand": self._expand,
            "Slice": self._slice,
            "Resize": self._resize,
            "Concat": self._concat,
            "LSTM": self._recurrent,
            "GRU": self._recurrent,
            "RNN": self._recurrent,
        }
        rule = rules.get(node.op_type) if node.domain in DEFAULT_DOMAINS else None
        return rule is not None and rule(node)

    def _reshape(self, node: onnx.NodeProto) -> bool:
        """Set the target's entry of the batch to -1, and the others to their values in the file."""
        if len(node.input) < 2:
            return False
        axis, target = self._axis(node.input[0]), self._edit.integers(node.input[1])
        shape = self._before.get(node.output[0])
        if axis is None or target is None or shape is None or len(target) != len(shape):
            return False
        rows = math.prod(self._before[node.input[0]][:axis])
        places = [
            index
            for index, size in enumerate(shape)
            if math.prod(shape[:index]) == rows and size > 0 and size % self._fixed == 0
        ]
        if not places:
            return False
        place = min(places, key=lambda index: (shape[index] != self._fixed, abs(index - axis)))
        if target[place] == -1 or (target[place] == 0 and place == axis):
            return False
        node.input[1] = self._edit.constant([-1 if index == place else size for index, size in enumerate(shape)])
        return True

    def _expand(self, node: onnx.NodeProto) -> bool:
        """Expand the batch axis to 1 instead of the batch size, which leaves it unchanged."""
        axis, target = self._axis(node.input[0]), self._edit.integers(node.input[1])
        if axis is None or target is None or self._fixed == 1:
            return False
        index = axis - len(self._before[node.input[0]]) + len(target)
        if index < 0 or target[index] != self._fixed:
            return False
        target[index] = 1
        node.input[1] = self._edit.constant(target)
        return True

    def _slice(self, node: onnx.NodeProto) -> bool:
        """Let a slice of the whole batch extend to the end of the axis."""
        axis = self._axis(node.input[0])
        if axis is None or len(node.input) < 3:
            return False
        starts, ends = self._edit.integers(node.input[1]), self._edit.integers(node.input[2])
        axes = self._edit.integers(node.input[3]) if len(node.input) > 3 and node.input[3] else None
        steps = self._edit.integers(node.input[4]) if len(node.input) > 4 and node.input[4] else None
        if starts is None or ends is None:
            return False
        rank = len(self._before[node.input[0]])
        places = [index for index, place in enumerate(axes or range(len(starts))) if place % rank == axis]
        if len(places) != 1 or (steps is not None and steps[places[0]] != 1):
            return False
        size = self._before[node.input[0]][axis]
        (place,) = places
        if starts[place] not in {0, -size} or not size <= ends[place] < GROWTH * size:
            return False
        starts[place], ends[place] = 0, TO_THE_END
        node.input[1], node.input[2] = self._edit.constant(starts), self._edit.constant(ends)
        return True

    def _resize(self, node: onnx.NodeProto) -> bool:
        """Take the batch entry of the sizes from the input."""
        sizes = self._edit.integers(node.input[3]) if len(node.input) > 3 and node.input[3] else None
        if self._axis(node.input[0]) != 0 or sizes is None or len(sizes) != len(self._before[node.input[0]]):
            return False
        if self._opset < OLDEST_OPSET or sizes[0] != self._fixed:
            return False
        joined = self._edit.fresh("sizes")
        self._edit.insert(
            node,
            self._edit.node(
                "Concat", [self._edit.rows_of(self._inputs[0]), self._edit.constant(sizes[1:])], joined, axis=0
            ),
        )
        node.input[3] = joined
        return True

    def _concat(self, node: onnx.NodeProto) -> bool:
        """Repeat concatenated values that do not grow with the batch for every row."""
        along = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
        axes = {axis for axis in map(self._axis, node.input) if axis is not None}
        if len(axes) != 1:
            return False
        (axis,) = axes
        rank = len(self._before[next(value for value in node.input if self._axis(value) is not None)])
        if along % rank == axis:
            return False
        return self._widen(node, [(index, axis) for index in range(len(node.input))])

    def _recurrent(self, node: onnx.NodeProto) -> bool:
        """Repeat initial states and lengths for every row."""
        layout = next((attribute.i for attribute in node.attribute if attribute.name == "layout"), 0)
        batch = 0 if layout else 1
        if self._axis(node.input[0]) != batch:
            return False
        return self._widen(node, [(4, 0), (5, batch), (6, batch)])

    def _widen(self, node: onnx.NodeProto, places: Sequence[tuple[int, int]]) -> bool:
        """Repeat the inputs (given by position and batch axis) that have the file's batch size fixed."""
        changed = False
        for position, axis in places:
            name = node.input[position] if position < len(node.input) else ""
            before = self._before.get(name)
            if before is None or self._after.get(name) != before or before[axis] != self._fixed:
                continue
            if self._opset < OLDEST_OPSET:
                return changed
            node.input[position] = self._edit.repeated(node, name, axis, before, self._inputs[0])
            changed = True
        return changed
