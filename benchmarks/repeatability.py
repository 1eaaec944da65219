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
from pathlib import Path
from typing import TYPE_CHECKING

from trials import report, trial

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = """
import sys, time
from sessions import batches_of, calls_of, open_session
name, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
_, session = open_session(name, "cnn", threads)
call = calls_of(session, batches_of(session, 8))[0]
for _ in range(10):
    call()
calls, start = 0, time.perf_counter()
while time.perf_counter() - start < seconds:
    call(); calls += 1
print(8 * calls / (time.perf_counter() - start))
"""


def plain(backend: str, threads: int, seconds: float) -> float:
    """Samples a second, as a plain loop in a process of its own tells."""
    command = [sys.executable, "-c", PLAIN, backend, str(threads), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
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
