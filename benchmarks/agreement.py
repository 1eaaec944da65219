"""What the comparison of outputs notices: changed models found and left out, and false alarms over honest conversions.

The unchanged model in torch is the reference, the changed one in ONNX Runtime the candidate. A change counts where, in
double precision, it moves some slice of the outputs by more than ten times the largest error that honest conversions
have in that slice. Changes are made by the seed, over built-in models and over small ones of which the rule knows
nothing: a policy with masked logits, a detector with boxes beside scores, an encoder with attention.

    python benchmarks/agreement.py [--short] [--mutants 60] [--seed 0] [--save]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from mutants import in_double, mutants
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from infer_compare.interfaces import Device, ModelSource, OperatingPoint, Settings
from infer_compare.models.agreement import compare
from infer_compare.models.builtin import builtin_models
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.specs import name_batch
from infer_compare.plugins import Plugins, read_options
from trials import report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Arrays = list[NDArray[Any]]

BUILT_IN = ("mlp", "cnn", "lstm")
ROWS = 4
RTOL = 1e-4
COUNTS = 10
"""A change counts beyond so many times the largest honest error of a slice."""
HONEST_SEEDS = 5
SHORT_MUTANTS = 18


def small_models(seed: int) -> Mapping[str, onnx.ModelProto]:
    """Return small models with random weights."""
    rng = np.random.default_rng(seed)

    def weights(*shape: int) -> NDArray[np.float32]:
        return (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)

    node = helper.make_node
    policy = [
        node("MatMul", ["obs", "w1"], ["h"]),
        node("Tanh", ["h"], ["t"]),
        node("MatMul", ["t", "w2"], ["l"]),
        node("Greater", ["obs8", "zero"], ["allowed"]),
        node("Slice", ["obs", "start", "end", "one"], ["obs8"]),
        node("Where", ["allowed", "l", "mask"], ["logits"]),
    ]
    policy = [policy[4], *policy[:4], policy[5]]
    detector = [
        node("Conv", ["image", "k1"], ["c1"], pads=[1, 1, 1, 1]),
        node("Relu", ["c1"], ["r1"]),
        node("Conv", ["r1", "k2"], ["c2"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["c2"], ["r2"]),
        node("GlobalAveragePool", ["r2"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("Gemm", ["f", "wb", "bb"], ["boxes"]),
        node("Gemm", ["f", "ws", "bs"], ["s"]),
        node("Sigmoid", ["s"], ["scores"]),
        node("Concat", ["boxes", "scores"], ["found"], axis=1),
    ]
    encoder = [
        node("MatMul", ["x", "wq"], ["q"]),
        node("MatMul", ["x", "wk"], ["k"]),
        node("MatMul", ["x", "wv"], ["v"]),
        node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["a"]),
        node("Mul", ["a", "scale"], ["as"]),
        node("Softmax", ["as"], ["p"], axis=-1),
        node("MatMul", ["p", "v"], ["o"]),
        node("Add", ["x", "o"], ["y"]),
        node("LayerNormalization", ["y", "g", "b"], ["n"], axis=-1),
        node("MatMul", ["n", "wf"], ["m"]),
        node("Relu", ["m"], ["mr"]),
        node("MatMul", ["mr", "wo"], ["mo"]),
        node("Add", ["n", "mo"], ["out"]),
    ]
    half = np.float32(0.5)
    return {
        "policy": _model(
            policy,
            {"obs": (32,)},
            {"logits": (8,)},
            {
                "w1": weights(32, 64),
                "w2": weights(64, 8),
                "zero": np.zeros(1, np.float32),
                "mask": np.float32(-1e9),
                "start": np.array([0]),
                "end": np.array([8]),
                "one": np.array([1]),
            },
        ),
        "detector": _model(
            detector,
            {"image": (3, 16, 16)},
            {"found": (10,)},
            {
                "k1": weights(8, 3, 3, 3),
                "k2": weights(16, 8, 3, 3),
                "wb": 400 * weights(16, 4),
                "bb": np.full(4, 300, np.float32),
                "ws": 10 * weights(16, 6),
                "bs": weights(6),
            },
        ),
        "encoder": _model(
            encoder,
            {"x": (12, 32)},
            {"out": (12, 32)},
            {
                **{name: weights(32, 32) for name in ("wq", "wk", "wv")},
                "scale": half,
                "g": 1 + half * weights(32),
                "b": weights(32),
                "wf": weights(32, 64),
                "wo": weights(64, 32),
            },
        ),
    }


def _model(
    nodes: list[Any], inputs: Mapping[str, Any], outputs: Mapping[str, Any], constants: Mapping[str, Any]
) -> onnx.ModelProto:
    def values(specs: Mapping[str, Any]) -> list[Any]:
        return [helper.make_tensor_value_info(name, 1, ["batch", *shape]) for name, shape in specs.items()]

    made = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "net", values(inputs), values(outputs), made)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def inputs_of(model: onnx.ModelProto, seed: int, rows: int) -> Arrays:
    """Return rows for every input, filled as the model's metadata say."""
    specs = name_batch(*read_specs(model))[0]
    plans = resolve_inputs(specs, (), {one.key: one.value for one in model.metadata_props})
    rng = np.random.default_rng(seed)
    return [plan.fill.draw(rng, (rows, *plan.sample), plan.dtype) for plan in plans]


@cache
def installed() -> Plugins:
    """Return the plugins, found once."""
    return Plugins.discover()


def run(backend: str, model: onnx.ModelProto, inputs: Arrays) -> Arrays:
    """Return what a backend computes, on one thread."""
    kind = installed().find(backend).backend
    made = kind(Settings(options=read_options(kind, {}), threads=1))
    made.version()
    with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(model.SerializeToString())
        with made.to_device(made.load(ModelSource(format="onnx", location=str(path), name="net")), Device("cpu")) as at:
            at.prepare(OperatingPoint(len(inputs[0])))
            slot = at.stage(inputs)
            at.run(slot)
            at.synchronize()
            return [np.array(one) for one in at.fetch(slot)]


def exact(model: onnx.ModelProto, inputs: Arrays) -> Arrays:
    """Return what the model is in double precision."""
    names = [one.name for one in model.graph.input]
    wide = [one.astype(np.float64) if one.dtype == np.float32 else one for one in inputs]
    with np.errstate(all="ignore"):
        return list(ReferenceEvaluator(in_double(model)).run(None, dict(zip(names, wide, strict=True))))


def slice_differences(one: NDArray[Any], other: NDArray[Any]) -> list[NDArray[np.float64]]:
    """Return the largest difference in every slice, along each axis but the batch."""
    far = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return [far.max(axis=tuple(k for k in range(far.ndim) if k != axis)) for axis in range(1, far.ndim)]


class Trial:
    """One model, its honest conversions, and its changed copies."""

    def __init__(self, model: onnx.ModelProto, seed: int, rows: int) -> None:
        """Run what is unchanged."""
        self.model = model
        self.inputs = inputs_of(model, seed, rows)
        self.names = [one.name for one in model.graph.output]
        self.exact = exact(model, self.inputs)
        self.torch = run("torch", model, self.inputs)
        self.onnx = run("onnx", model, self.inputs)

    def alarms(self) -> int:
        """Return how many of the two honest comparisons say that outputs differ."""
        pairs = ((self.torch, self.onnx), (self.onnx, self.torch))
        return sum(compare(*pair, self.names, rtol=RTOL).verdict == "differs" for pair in pairs)

    def counts(self, changed: onnx.ModelProto) -> bool:
        """Return whether a change moves some slice far beyond what honest conversions do."""
        for moved, wanted, one, other in zip(
            exact(changed, self.inputs), self.exact, self.torch, self.onnx, strict=True
        ):
            honest = [
                np.maximum(*pair)
                for pair in zip(slice_differences(one, wanted), slice_differences(other, wanted), strict=True)
            ]
            if any(
                (far > COUNTS * near).any() for far, near in zip(slice_differences(moved, wanted), honest, strict=True)
            ):
                return True
        return False

    def finds(self, changed: onnx.ModelProto) -> bool:
        """Return whether the comparison says that a changed model differs."""
        return compare(self.torch, run("onnx", changed, self.inputs), self.names, rtol=RTOL).verdict == "differs"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the table."""
    models = {name: builtin_models()[name].build(arguments.seed) for name in BUILT_IN}
    models |= small_models(arguments.seed)
    count = SHORT_MUTANTS if arguments.short else arguments.mutants
    yield f"{count} mutants a model, seed {arguments.seed}, {ROWS} rows, rtol {RTOL:g}, torch against ONNX Runtime on one thread"
    yield ""
    yield "| model | mutants | too small to count | count | found | missed | honest pairs | false alarms |"
    yield "|---|---|---|---|---|---|---|---|"
    total: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for name, model in models.items():
        found: Counter[str] = Counter()
        for seed in range(1 if arguments.short else HONEST_SEEDS):
            found["pairs"] += 2
            found["alarms"] += Trial(model, 100 + seed, ROWS + seed).alarms()
        trial = Trial(model, arguments.seed, ROWS)
        for kind, changed in mutants(model, count, arguments.seed):
            found["mutants"] += 1
            if not trial.counts(changed):
                found["small"] += 1
            elif trial.finds(changed):
                found["found"] += 1
            else:
                found["missed"] += 1
                missed[f"{name}, {kind}"] += 1
        total += found
        yield _row(name, found)
    yield _row("all", total)
    yield ""
    counted = total["found"] + total["missed"]
    yield f"Found: {total['found']} of {counted} ({total['found'] / max(1, counted):.1%}); false alarms: {total['alarms']} of {total['pairs']}."
    if missed:
        yield "Missed: " + "; ".join(f"{what} ({number})" for what, number in missed.most_common()) + "."


def _row(name: str, found: Counter[str]) -> str:
    cells = (
        found["mutants"],
        found["small"],
        found["found"] + found["missed"],
        found["found"],
        found["missed"],
        found["pairs"],
        found["alarms"],
    )
    return f"| {name} | {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What the comparison of outputs notices.")
    options.add_argument("--short", action="store_true", help="few mutants: less than a minute")
    options.add_argument("--mutants", type=int, default=60, help="per model")
    options.add_argument("--seed", type=int, default=0)
    report("agreement", lines, options)
