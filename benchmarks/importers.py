"""What an import costs: throughput of a model imported from ONNX over that of the same model written for the framework.

Both take turns in one process, in the order A B B A, so that both see the same machine. Above 1 the import is the faster
one. The native models have the same layers and as many parameters, which is checked; each is written as is usual in its
framework, with its fused attention, its own layout and its weights as variables. A model without a native version in a
framework is left out there.

A last column says whether a row is within 2 % of native. At the end stands, for each framework and kind of model, the
largest difference of its rows: that is what `infer_compare/verdicts/penalties.py` holds, and the least margin of a verdict
about a model that was imported.

    python benchmarks/importers.py [--models resnet50,vit_tiny] [--batches 1,8] [--blocks 12] [--threads 2] [--short] [--save]

`--short` takes less than six minutes on two quiet cores: shorter pieces, half as many blocks, and batches 1 and 4.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from infer_compare.environment.noise import NoiseProbe
from infer_compare.environment.threads import default_threads
from infer_compare.models.figures import figures
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.kind import kind_of
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.specs import name_batch
from infer_compare.stats.quantiles import median
from infer_compare.stats.student import t_interval
from native.graphs import GRAPHS
from sessions import BUFFERS, calls_of_batches, open_session
from trials import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import onnx
    from numpy.typing import NDArray

    Calls = Sequence[Callable[[], None]]

FRAMEWORKS = ("torch", "tensorflow")
WITHIN = 0.02
"""A row whose ratio is this near to one is as fast as native."""
MARK = "#margin"
"""What a line begins with by which the process of a framework tells a row's difference."""


class Length(NamedTuple):
    """How long a row is measured."""

    batches: str
    blocks: int
    piece_s: float
    """How long one of the four pieces of a block lasts, at least."""
    calls: int
    """That a piece has, at least."""
    warm_up_s: float
    disturbed: float = 0.1
    """A block whose threads waited for more than this share of its time is left out."""


FULL = Length("1,8", 12, 0.25, 2, 1.0)
SHORT = Length("1,4", 6, 0.08, 1, 0.4)
FEWEST = 4
"""Blocks without which there is no interval."""

clock = time.perf_counter


def batches_of(model: onnx.ModelProto, size: int) -> list[list[NDArray[Any]]]:
    """Random batches of all inputs of a model, filled as it says."""
    plans = resolve_inputs(
        name_batch(*read_specs(model))[0], (), {entry.key: entry.value for entry in model.metadata_props}
    )
    rng = np.random.default_rng(0)
    return [[plan.fill.draw(rng, (size, *plan.sample), plan.dtype) for plan in plans] for _ in range(BUFFERS)]


def native_torch(name: str) -> tuple[int, Callable[[list[NDArray[Any]]], Callable[[], None]]]:
    """The parameters of the native torch model, and what makes a call of it on a batch."""
    import torch

    from native.torch_models import MODELS as NATIVE

    module = NATIVE[name]().eval().requires_grad_(False)
    inference = torch.inference_mode()

    def staged(batch: list[NDArray[Any]]) -> Callable[[], None]:
        tensors = [torch.from_numpy(one) for one in batch]

        def call() -> None:
            with inference:
                module(*tensors)

        return call

    return sum(one.numel() for one in module.parameters()), staged


def native_tensorflow(name: str) -> tuple[int, Callable[[list[NDArray[Any]]], Callable[[], None]]]:
    """The parameters of the native Keras model, and what makes a call of it on a batch."""
    import tensorflow as tf

    from native.tf_models import MODELS as NATIVE

    model = NATIVE[name]()
    signature = [tf.TensorSpec((None, *one.shape[1:]), one.dtype) for one in model.inputs]

    @tf.function(input_signature=signature, autograph=False)
    def function(*inputs: tf.Tensor) -> list[tf.Tensor]:
        return tf.nest.flatten(model(inputs if len(inputs) > 1 else inputs[0], training=False))

    concrete = function.get_concrete_function()

    def staged(batch: list[NDArray[Any]]) -> Callable[[], None]:
        # Images are given in the native layout.
        arrays = [one.transpose(0, 2, 3, 1) if one.ndim == 4 else one for one in batch]
        tensors = [tf.constant(np.ascontiguousarray(one)) for one in arrays]

        def call() -> None:
            # As the backend calls an import and a Keras model.
            concrete(*tensors)

        return call

    return int(model.count_params()), staged


NATIVE = {"torch": native_torch, "tensorflow": native_tensorflow}


def natives(framework: str) -> Sequence[str]:
    """The models that have a native version in a framework."""
    if framework == "torch":
        from native.torch_models import MODELS as NAMES
    else:
        from native.tf_models import MODELS as NAMES
    return [name for name in NAMES if name in GRAPHS]


def piece(calls: Calls, count: int) -> float:
    """The median time of a call, in seconds."""
    times = []
    for index in range(count):
        before = clock()
        calls[index % len(calls)]()
        times.append(clock() - before)
    return median(times)


def warmed(calls: Calls, seconds: float) -> float:
    """Runs for a while; the time of a call then."""
    until, latency = clock() + seconds, piece(calls, BUFFERS)
    while clock() < until:
        latency = piece(calls, BUFFERS)
    return latency


def compare(framework: str, name: str, batches: Sequence[int], length: Length, threads: int) -> Iterator[str]:
    """Lines of the table for one model."""
    model = GRAPHS[name]()
    _, session = open_session(framework, model, threads)
    parameters, native = NATIVE[framework](name)
    wanted = figures(model).parameters
    if abs(parameters / wanted - 1) > 0.01:
        raise SystemExit(f"native {name} has {parameters} parameters, and the graph {wanted}")
    for size in batches:
        made = batches_of(model, size)
        sides = {"imported": calls_of_batches(session, made), "native": [native(one) for one in made]}
        count = {
            side: max(length.calls, math.ceil(length.piece_s / warmed(calls, length.warm_up_s)))
            for side, calls in sides.items()
        }
        probe, ratios, times, rejected = NoiseProbe(), [], {"imported": [], "native": []}, 0
        for block in range(length.blocks):
            a, b = ("imported", "native") if block % 2 else ("native", "imported")
            found: dict[str, list[float]] = {"imported": [], "native": []}
            before = probe.snapshot()
            for side in (a, b, b, a):
                found[side].append(piece(sides[side], count[side]))
            share = probe.difference(before, probe.snapshot()).wait_share
            if share is not None and share > length.disturbed:
                rejected += 1
                continue
            for side, its in found.items():
                times[side].append(sum(its) / 2)
            ratios.append(math.log(sum(found["native"]) / sum(found["imported"])))
        head = f"{framework:10} {name:18} {size:5}"
        if len(ratios) < FEWEST:
            yield f"{head}   too many blocks were disturbed"
            continue
        interval = t_interval(ratios)
        low, centre, high = (math.exp(one) for one in (interval.low, interval.mean, interval.high))
        yield (
            f"{head} {1e3 * median(times['imported']):10.2f} {1e3 * median(times['native']):10.2f} {centre:7.3f}"
            f"  {low:.3f} to {high:.3f} {rejected / length.blocks:9.0%}  {within(low, centre, high)}"
        )
        yield f"{MARK} {framework} {kind_of(model)} {abs(centre - 1):.4f}"
    session.close()


def within(low: float, centre: float, high: float) -> str:
    """Whether a ratio is near enough to one; with a question mark where its interval leaves that open."""
    inside = 1 - WITHIN <= centre <= 1 + WITHIN
    settled = low >= 1 - WITHIN and high <= 1 + WITHIN if inside else high < 1 - WITHIN or low > 1 + WITHIN
    return ("yes" if inside else "no") + ("" if settled else "?")


def margins(found: dict[tuple[str, str], float]) -> Iterator[str]:
    """The largest difference by framework and kind of model."""
    yield ""
    yield "largest difference from native, by framework and kind of model (PENALTIES in infer_compare/verdicts/penalties.py):"
    for framework in FRAMEWORKS:
        kinds = {kind: share for (name, kind), share in sorted(found.items()) if name == framework}
        if kinds:
            yield f"  {framework}: {', '.join(f'{kind} {share:.3f}' for kind, share in kinds.items())}"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table; each framework's part comes from a process of its own."""
    threads = arguments.threads or default_threads()
    length = SHORT if arguments.short else FULL
    length = length._replace(batches=arguments.batches or length.batches, blocks=arguments.blocks or length.blocks)
    if arguments.disturbed:
        length = length._replace(disturbed=math.inf)
    if arguments.part:
        batches = [int(one) for one in length.batches.split(",")]
        for name in natives(arguments.part):
            if not arguments.models or name in arguments.models.split(","):
                yield from compare(arguments.part, name, batches, length, threads)
        return
    unknown = set((arguments.models or "").split(",")) - {"", *GRAPHS}
    if unknown:
        raise SystemExit(f"There is no model {', '.join(sorted(unknown))}; there are {', '.join(GRAPHS)}.")
    yield (
        f"{os.cpu_count()} cores, {threads} threads, {length.blocks} blocks each; "
        "ratio = imported / native throughput, with 95 % interval"
    )
    head = f"{'':10} {'model':18} {'batch':>5} {'imported':>10} {'native ms':>10} {'ratio':>7}  {'interval':14}"
    yield f"{head} {'rejected':>9}  within 2 %"
    found: dict[tuple[str, str], float] = {}
    for framework in arguments.frameworks.split(","):
        command = [sys.executable, __file__, "--part", framework, "--threads", str(threads)]
        for option in ("models", "batches", "blocks"):
            if getattr(arguments, option) is not None:
                command += [f"--{option}", str(getattr(arguments, option))]
        command += ["--short"] * arguments.short + ["--disturbed"] * arguments.disturbed
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if line.startswith(MARK):
                    _, name, kind, share = line.split()
                    found[name, kind] = max(float(share), found.get((name, kind), 0.0))
                else:
                    yield line.rstrip()
        if child.returncode:
            raise SystemExit(f"the measurement of {framework} failed")
    yield from margins(found)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What an import costs.")
    options.add_argument("--models", help="names with commas between them; all when left out")
    options.add_argument("--batches", help=f"sizes with commas between them; {FULL.batches} when left out")
    options.add_argument("--blocks", type=int)
    options.add_argument("--threads", type=int)
    options.add_argument("--frameworks", default=",".join(FRAMEWORKS))
    options.add_argument("--short", action="store_true", help="in less than six minutes, with wider intervals")
    options.add_argument("--disturbed", action="store_true", help="leave no block out, to try it on a busy machine")
    options.add_argument("--part", choices=FRAMEWORKS, help="the rows of this framework alone, in this process")
    report("importers", lines, options)
