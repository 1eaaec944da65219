"""How far the ratio of two frameworks scatters from run to run: this protocol against a plain sequential sweep.

The plain sweep is what is usually written by hand: one process per framework, one after the other, a few warm-up calls
and then a timed loop for as long as the protocol takes in all. Both take turns, so that they see the same machine.

    python benchmarks/repeatability.py [--runs 8] [--threads 2] [--save]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from trials import report, trial

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = """
import sys, time
import numpy as np
from infer_compare.interfaces import Device, ModelSource, Settings
from infer_compare.models.builtin import builtin_models
from infer_compare.plugins import Plugins, read_options
import tempfile, pathlib
name, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
kind = Plugins.discover().find(name).backend
backend = kind(Settings(options=read_options(kind, {}), threads=threads))
backend.version()
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "cnn.onnx"
    path.write_bytes(builtin_models()["cnn"].build(0).SerializeToString())
    session = backend.to_device(backend.load(ModelSource(format="onnx", location=str(path), name="cnn")), Device("cpu"))
slot = session.stage([np.random.default_rng(0).standard_normal((8, 3, 32, 32)).astype(np.float32)])
for _ in range(10):
    session.run(slot); session.synchronize()
calls, start = 0, time.perf_counter()
while time.perf_counter() - start < seconds:
    session.run(slot); session.synchronize(); calls += 1
print(8 * calls / (time.perf_counter() - start))
"""


def plain(backend: str, threads: int, seconds: float) -> float:
    """Samples a second, as a plain loop in a process of its own tells."""
    command = [sys.executable, "-c", PLAIN, backend, str(threads), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def scatter(ratios: list[float]) -> float:
    """The coefficient of variation."""
    return statistics.stdev(ratios) / statistics.fmean(ratios)


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    threads = arguments.threads
    yield f"onnx over torch, cnn, batch 8, {threads} threads, {arguments.runs} runs each in turn"
    yield f"{'run':>3} {'protocol':>9} {'verdict':12} {'rejected':>9} {'plain':>7} {'s each':>7}"
    ours, theirs = [], []
    for number in range(arguments.runs):
        one = trial(("onnx", "torch"), threads=threads, seed=number)
        ratio = plain("onnx", threads, one.seconds / 2) / plain("torch", threads, one.seconds / 2)
        theirs.append(ratio)
        told = "-"
        if one.comparison is not None:
            ours.append(one.comparison.ratio)
            told = f"{one.comparison.ratio:.3f}"
        yield f"{number:3} {told:>9} {one.word:12} {one.rejected:9.0%} {ratio:7.3f} {one.seconds:7.1f}"
    if len(ours) > 1:
        yield f"scatter (standard deviation / mean): protocol {scatter(ours):.1%}, plain {scatter(theirs):.1%}"
        yield f"plain / protocol: {scatter(theirs) / scatter(ours):.1f}"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="How far the ratio of two frameworks scatters from run to run.")
    options.add_argument("--runs", type=int, default=8)
    options.add_argument("--threads", type=int, default=2)
    report("repeatability", lines, options)
