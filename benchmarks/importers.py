"""What an import costs: throughput of a model imported from ONNX over that of the same model written for the framework.

Both take turns in one process, in the order A B B A, so that both see the same machine. Above 1 the import is the faster
one. The native models have the same layers and as many parameters, which is checked; each is written as is usual in its
framework, with its fused attention, its own layout and its weights as variables.

    python benchmarks/importers.py [--models resnet50,vit_tiny] [--batches 1,8] [--blocks 12] [--threads 2] [--save]
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from infer_compare.environment.noise import NoiseProbe
from infer_compare.environment.threads import default_threads
from infer_compare.models.builtin import builtin_models
from infer_compare.models.figures import figures
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.specs import name_batch
from infer_compare.stats.quantiles import median
from infer_compare.stats.student import t_interval
from sessions import BUFFERS, calls_of_batches, open_session
from trials import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Calls = Sequence[Callable[[], None]]

FRAMEWORKS = ("torch", "tensorflow")
MODELS = ("resnet50", "mobilenet_v2", "vit_tiny", "bert_small")

PIECE_S = 0.25
"""How long one of the four pieces of a block lasts, at least; it has two calls or more."""
WARM_UP_S = 1.0
DISTURBED = 0.1
"""A block whose threads waited for more than this share of its time is left out."""
FEWEST = 4
"""Blocks without which there is no interval."""

clock = time.perf_counter


def batches_of(name: str, size: int) -> list[list[NDArray[Any]]]:
    """Random batches of all inputs of a built-in model, filled as it says."""
    model = builtin_models()[name].build(0)
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

    def staged(batch: list[NDArray[Any]]) -> Callable[[], None]:
        tensors = [torch.from_numpy(one) for one in batch]

        def call() -> None:
            with torch.inference_mode():
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
        tensors = [*(tf.constant(np.ascontiguousarray(one)) for one in arrays), *concrete.captured_inputs]
        types = [one.dtype for one in concrete.outputs]

        def call() -> None:
            # As the backend calls an import; the concrete function would bind its arguments in Python anew.
            tf.raw_ops.StatefulPartitionedCall(args=tensors, Tout=types, f=concrete.inference_fn)

        return call

    return int(model.count_params()), staged


NATIVE = {"torch": native_torch, "tensorflow": native_tensorflow}


def piece(calls: Calls, count: int) -> float:
    """The median time of a call, in seconds."""
    times = []
    for index in range(count):
        before = clock()
        calls[index % len(calls)]()
        times.append(clock() - before)
    return median(times)


def warmed(calls: Calls) -> float:
    """Runs for a while; the time of a call then."""
    until, latency = clock() + WARM_UP_S, piece(calls, BUFFERS)
    while clock() < until:
        latency = piece(calls, BUFFERS)
    return latency


def compare(framework: str, name: str, batches: Sequence[int], blocks: int, threads: int) -> Iterator[str]:
    """Lines of the table for one model."""
    _, session = open_session(framework, name, threads)
    parameters, native = NATIVE[framework](name)
    wanted = figures(builtin_models()[name].build(0)).parameters
    if abs(parameters / wanted - 1) > 0.01:
        raise SystemExit(f"native {name} has {parameters} parameters, and the built-in one {wanted}")
    for size in batches:
        made = batches_of(name, size)
        sides = {"imported": calls_of_batches(session, made), "native": [native(one) for one in made]}
        count = {side: max(2, math.ceil(PIECE_S / warmed(calls))) for side, calls in sides.items()}
        probe, ratios, times, rejected = NoiseProbe(), [], {"imported": [], "native": []}, 0
        for block in range(blocks):
            a, b = ("imported", "native") if block % 2 else ("native", "imported")
            found: dict[str, list[float]] = {"imported": [], "native": []}
            before = probe.snapshot()
            for side in (a, b, b, a):
                found[side].append(piece(sides[side], count[side]))
            share = probe.difference(before, probe.snapshot()).wait_share
            if share is not None and share > DISTURBED:
                rejected += 1
                continue
            for side, its in found.items():
                times[side].append(sum(its) / 2)
            ratios.append(math.log(sum(found["native"]) / sum(found["imported"])))
        head = f"{framework:10} {name:12} {size:5}"
        if len(ratios) < FEWEST:
            yield f"{head}   too many blocks were disturbed"
            continue
        interval = t_interval(ratios)
        low, centre, high = (math.exp(one) for one in (interval.low, interval.mean, interval.high))
        yield (
            f"{head} {1e3 * median(times['imported']):10.2f} {1e3 * median(times['native']):10.2f} {centre:7.3f}"
            f"  {low:.3f} to {high:.3f} {rejected / blocks:9.0%}"
        )
    session.close()


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table; each framework's part comes from a process of its own."""
    threads = arguments.threads or default_threads()
    if arguments.framework:
        for name in arguments.models.split(","):
            yield from compare(
                arguments.framework, name, [int(one) for one in arguments.batches.split(",")], arguments.blocks, threads
            )
        return
    yield (
        f"{os.cpu_count()} cores, {threads} threads, {arguments.blocks} blocks each; "
        "ratio = imported / native throughput, with 95 % interval"
    )
    head = f"{'':10} {'model':12} {'batch':>5} {'imported':>10} {'native ms':>10} {'ratio':>7}  {'interval':14}"
    yield f"{head} {'rejected':>9}"
    for framework in FRAMEWORKS:
        command = [sys.executable, __file__, "--framework", framework, "--threads", str(threads)]
        for option in ("models", "batches", "blocks"):
            command += [f"--{option}", str(getattr(arguments, option))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            yield from map(str.rstrip, child.stdout)
        if child.returncode:
            raise SystemExit(f"the measurement of {framework} failed")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What an import costs.")
    options.add_argument("--models", default=",".join(MODELS))
    options.add_argument("--batches", default="1,8")
    options.add_argument("--blocks", type=int, default=12)
    options.add_argument("--threads", type=int)
    options.add_argument("--framework", choices=FRAMEWORKS, help="only this one, in this process")
    report("importers", lines, options)
