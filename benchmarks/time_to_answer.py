"""Seconds from the command to the answer: two contenders at eight batch sizes, against two simpler ways.

`process per point` starts a process for every contender and batch size in each restart and slices the same way.
`bare loop` is both sessions in one process, interleaved slice by slice until the interval of every size is as narrow
as the protocol's; it sees neither other programs nor the luck of a process.

    python benchmarks/time_to_answer.py [--threads 2] [--save]
"""

from __future__ import annotations

import argparse
import math
import time
from typing import TYPE_CHECKING

from infer_compare.report.noise import noise
from infer_compare.stats.student import t_interval
from infer_compare.timing import timed_slice, warm_up
from infer_compare.verdicts.summary import summarise
from sessions import batches_of, calls_of, open_session
from trials import report, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.results import Run

SIZES = tuple(2**power for power in range(8))
CONTENDERS = ("torch", "onnx")
LONGEST_S = 60.0
clock = time.perf_counter_ns


def starting_s(run: Run) -> dict[str, float]:
    """What starting one worker of each contender took."""
    return {one.contender: (one.spawn_ns + one.import_ns + one.load_ns + one.to_device_ns) / 1e9 for one in run.starts}


def process_per_point_s(run: Run, elapsed_s: float) -> float:
    """The same slices, with a fresh worker at every point of every restart instead of one for all of them."""
    starts = starting_s(run)
    workers = {
        (one.restart, piece.contender, one.point) for one in run.rounds for piece in one.slices if one.restart > 0
    }
    shared = {(restart, label) for restart, label, _ in workers}
    return elapsed_s + sum(starts[label] for _, label, _ in workers) - sum(starts[label] for _, label in shared)


def bare_loop_s(widths: dict[int, float], threads: int) -> float:
    """Interleaved slices in one process until each size's interval is as narrow as given."""
    began = time.monotonic()
    for batch, width in widths.items():
        sessions = [open_session(name, "cnn", threads)[1] for name in CONTENDERS]
        both = [calls_of(session, batches_of(session, batch)) for session in sessions]
        latencies = [warm_up(one, clock).latency_ns for one in both]
        logs: list[float] = []
        until = time.monotonic() + LONGEST_S
        while len(logs) < 4 or (math.expm1(t_interval(logs).half_width) > width and time.monotonic() < until):
            timed = [timed_slice(one, latency, clock) for one, latency in zip(both, latencies, strict=True)]
            means = [sum(one.durations_ns) / one.calls for one in timed]
            logs.append(math.log(means[0] / means[1]))
    return time.monotonic() - began


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    threads = arguments.threads
    yield f"torch and onnx, cnn, 8 batch sizes, {threads} threads"
    yield f"{'mode':8} {'seconds':>8} {'verdicts':>9} {'rejected':>9} {'process per point':>18} {'bare loop':>10}"
    for mode in ("quick", "default"):
        began = time.monotonic()
        run = sweep(CONTENDERS, model="cnn", batch_sizes=SIZES, threads=threads, mode=mode)
        elapsed_s = time.monotonic() - began
        pairs = summarise(run).pairs
        widths = {one.a.point.batch: one.comparison.half_width or 1.0 for one in pairs if one.comparison}
        settled = sum(one.verdict.value != "inconclusive" for one in pairs)
        apart, bare = process_per_point_s(run, elapsed_s), bare_loop_s(widths, threads)
        yield (
            f"{mode:8} {elapsed_s:8.1f} {settled:4} of {len(pairs):1} {noise(run).share:9.0%} "
            f"{apart:9.1f} ({apart / elapsed_s:.1f}x) {bare:6.1f} ({bare / elapsed_s:.1f}x)"
        )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Seconds from the command to the answer.")
    options.add_argument("--threads", type=int, default=2)
    report("time_to_answer", lines, options)
