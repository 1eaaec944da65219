"""The models of the kit: a small ONNX graph of each kind, with inputs and the outputs of the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from infer_compare.interfaces import Device, ModelSource, Settings
from infer_compare.plugins import load_backend, read_options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnx

    from infer_compare.interfaces.backend import Array
    from infer_compare.models.builder import GraphBuilder

Kind = Literal["mlp", "convolution", "encoder", "lstm", "two_inputs", "elementwise", "heavy", "wide"]

SIMPLE_FIRST: tuple[Kind, ...] = ("mlp", "elementwise", "two_inputs", "convolution", "encoder", "lstm")
"""In the order in which a backend with few operators is likely to take them."""

EVALUATOR = "entry:reference:reference"
ROWS = 24
"""Number of drawn input rows, from which batches are cut."""
TOKENS = 50
SEED = 20


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A model, rows of its inputs, and the correct outputs."""

    name: str
    source: ModelSource
    inputs: tuple[Array, ...]
    """One array per input; axis 0 counts the rows."""
    outputs: tuple[Array, ...]

    def batch(self, size: int, first: int = 0) -> tuple[Array, ...]:
        """Return copies of input rows from `first` on, wrapping around at the end."""
        return _rows(self.inputs, size, first)

    def expected(self, size: int, first: int = 0) -> tuple[Array, ...]:
        """Return the correct outputs of that batch."""
        return _rows(self.outputs, size, first)


def _rows(arrays: tuple[Array, ...], size: int, first: int) -> tuple[Array, ...]:
    import numpy as np

    return tuple(np.take(array, np.arange(first, first + size), axis=0, mode="wrap") for array in arrays)


def source(path: Path, name: str, *, native: bool) -> ModelSource:
    """Return an ONNX file as the source for a backend that reads it natively or imports it."""
    return ModelSource(format="onnx", location=str(path), name=name, provenance="native" if native else "imported")


class _Made(NamedTuple):
    data: bytes
    inputs: tuple[Array, ...]


def write(kind: Kind, source: ModelSource) -> Example:
    """Write the model of a kind to the location of the source, and compute the correct outputs of its inputs."""
    made = _made(kind)
    source.path.write_bytes(made.data)
    return Example(kind, source, made.inputs, _expected(kind, str(source.path)))


@cache
def _made(kind: Kind) -> _Made:
    import numpy as np

    rng = np.random.default_rng(SEED)
    model = BUILDERS[kind]()
    drawn = []
    for value in model.graph.input:
        shape = (ROWS, *(axis.dim_value for axis in value.type.tensor_type.shape.dim[1:]))
        drawn.append(
            rng.integers(0, TOKENS, shape) if value.name == "tokens" else rng.standard_normal(shape, dtype=np.float32)
        )
    return _Made(model.SerializeToString(deterministic=True), tuple(drawn))


_outputs: dict[Kind, tuple[Array, ...]] = {}


def _expected(kind: Kind, path: str) -> tuple[Array, ...]:
    """Return the outputs of the reference backend; computed once for each kind."""
    if kind not in _outputs:
        reference = load_backend(EVALUATOR)
        evaluator = reference(Settings(options=read_options(reference, {}), threads=1))
        loaded = evaluator.load(ModelSource(format="onnx", location=path, name=kind))
        with evaluator.to_device(loaded, Device("cpu")) as session:
            slot = session.stage(_made(kind).inputs)
            session.run(slot)
            session.synchronize()
            _outputs[kind] = tuple(session.fetch(slot))
    return _outputs[kind]


def store(example: Example, folder: Path) -> tuple[str, ...]:
    """Write the rows of the inputs to files for a child, one per input, and return their paths."""
    import numpy as np

    paths = []
    for index, array in enumerate(example.inputs):
        path = folder / f"{example.name}-{index}.npy"
        np.save(path, array)
        paths.append(str(path))
    return tuple(paths)


def _graph(name: str) -> GraphBuilder:
    from infer_compare.models.builder import GraphBuilder

    return GraphBuilder(name, SEED)


def _mlp() -> onnx.ModelProto:
    """Gemm and Relu: three layers."""
    from infer_compare.models.zoo.layers import AFTER_RELU, linear

    g = _graph("mlp")
    x = g.input("features", "float32", [12])
    x = g.node("Relu", linear(g, x, 12, 32, gain=AFTER_RELU))
    g.output(linear(g, x, 32, 5), "scores", [5])
    return g.build()


def _convolution() -> onnx.ModelProto:
    """Convolution with stride and padding, batch normalisation, two kinds of pooling, a linear layer."""
    import numpy as np

    from infer_compare.models.zoo.layers import classify, conv, max_pool

    g = _graph("convolution")
    x = conv(g, g.input("image", "float32", [3, 9, 11]), 3, 4, 3, stride=2)
    shift, mean = (g.constant(0.1 * g.rng.standard_normal(4, np.float32)) for _ in range(2))
    scale, variance = (g.constant(0.5 + g.rng.random(4, np.float32)) for _ in range(2))
    x = g.node("BatchNormalization", x, scale, shift, mean, variance, epsilon=1e-5)
    x = max_pool(g, g.node("Relu", x), 3, 1, 1)
    x = conv(g, x, 4, 8, 3, groups=2)
    g.output(classify(g, x, 8, 5), "scores", [5])
    return g.build()


def _encoder() -> onnx.ModelProto:
    """Integer tokens, an embedding, and one layer of attention."""
    from infer_compare.models.zoo.layers import attention, feed_forward, layer_norm

    g = _graph("encoder")
    sequence, width = 7, 16
    tokens = g.input("tokens", "int64", [sequence], f"randint(0,{TOKENS})")
    x = g.node("Add", g.node("Gather", g.normal((TOKENS, width), 1.0), tokens), g.normal((sequence, width), 0.5))
    x = layer_norm(g, g.node("Add", x, attention(g, x, sequence=sequence, width=width, heads=2, gain=1.0)), width, 1e-6)
    g.output(g.node("Add", x, feed_forward(g, x, width, 32, gain=1.0)), "states", [sequence, width])
    return g.build()


def _lstm() -> onnx.ModelProto:
    """One recurrent layer; its last state is projected."""
    from infer_compare.models.zoo.layers import linear

    g = _graph("lstm")
    steps, features, hidden = 6, 5, 8
    x = g.node("Transpose", g.input("sequence", "float32", [steps, features]), perm=[1, 0, 2])
    weights = [g.weights((1, 4 * hidden, size), [2], 1.0) for size in (features, hidden)]
    _, last = g.nodes("LSTM", 2, x, *weights, g.normal((1, 8 * hidden), 0.1), hidden_size=hidden)
    g.output(linear(g, g.node("Squeeze", last, g.ints(0)), hidden, 4, gain=4.0), "scores", [4])
    return g.build()


def _two_inputs() -> onnx.ModelProto:
    """Return two inputs and two outputs of different shapes, neither of them symmetric in the inputs."""
    g = _graph("two_inputs")
    left, right = g.input("left", "float32", [6]), g.input("right", "float32", [6])
    difference = g.node("Sub", left, g.node("Mul", right, g.scalar(0.5)))
    g.output(g.node("MatMul", difference, g.weights((6, 3), [0], 1.0)), "mixed", [3])
    g.output(g.node("Concat", right, g.node("Tanh", left), axis=1), "joined", [12])
    return g.build()


def _elementwise() -> onnx.ModelProto:
    """Elementwise operators whose operands are broadcast against each other over several axes."""
    g = _graph("elementwise")
    grid = g.input("grid", "float32", [4, 3])
    rows = g.node("Add", g.node("Mul", grid, g.normal((4, 1), 1.0)), g.normal((3,), 1.0))
    g.output(g.node("Sigmoid", g.node("Sub", rows, g.normal((1, 4, 1), 1.0))), "weights", [4, 3])
    return g.build()


WIDTH = 384
LAYERS = 6


def _heavy() -> onnx.ModelProto:
    """Gemm and Relu again: much work, little input and one number of output, 2 MFLOP per sample."""
    from infer_compare.models.zoo.layers import AFTER_RELU, linear

    g = _graph("heavy")
    x = linear(g, g.input("features", "float32", [4]), 4, WIDTH)
    for _ in range(LAYERS):
        x = linear(g, g.node("Relu", x), WIDTH, WIDTH, gain=AFTER_RELU)
    g.output(linear(g, g.node("Relu", x), WIDTH, 1, gain=math.sqrt(2)), "score", [1])
    return g.build()


def _wide() -> onnx.ModelProto:
    """Gemm and Relu: much memory and little work, 32 KiB and 40 kFLOP per sample."""
    from infer_compare.models.zoo.layers import AFTER_RELU, linear

    g = _graph("wide")
    x = g.node("Relu", linear(g, g.input("features", "float32", [4]), 4, 4096))
    g.output(linear(g, x, 4096, 1, gain=AFTER_RELU), "score", [1])
    return g.build()


BUILDERS: dict[Kind, Callable[[], Any]] = {
    "mlp": _mlp,
    "convolution": _convolution,
    "encoder": _encoder,
    "lstm": _lstm,
    "two_inputs": _two_inputs,
    "elementwise": _elementwise,
    "heavy": _heavy,
    "wide": _wide,
}
