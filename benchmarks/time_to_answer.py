"""Seconds from the command to the answer at eight batch sizes, and where they go.

The aims, on two quiet cores: a quick run of torch and onnx takes less than 25 s, one of torch, onnx and tensorflow less than
45 s, and at least half of each is timed calls.

`process per point` starts a process for every contender and batch size in each restart and slices the same way.
`bare loop` is both sessions in one process, interleaved slice by slice until the interval of every size is as narrow
as the protocol's; it sees neither other programs nor the luck of a process.

    python benchmarks/time_to_answer.py [--threads 2] [--runs 1] [--quick] [--save]
"""

from __future__ import annotations

import argparse
import math
import time
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from split import PARTS, Watch

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
TWO = ("torch", "onnx")
THREE = ("torch", "onnx", "tensorflow")
CASES = ((TWO, "quick"), (THREE, "quick"), (TWO, "default"))
AIM_S = {(TWO, "quick"): 25.0, (THREE, "quick"): 45.0}
TIMED_AIM = 0.5
"""The share of timed calls in the time of a quick run, at least."""
LONGEST_S = 60.0
clock = time.perf_counter_ns


class Answer(NamedTuple):
    """One run, and where its time went."""

    run: Run
    seconds: float
    split: dict[str, float]


def answered(contenders: tuple[str, ...], mode: str, threads: int) -> Answer:
    """Return a run with the time that it took."""
    watch = Watch()
    run = sweep(contenders, observer=watch, model="cnn", batch_sizes=SIZES, threads=threads, mode=mode)
    if run.closing is None or run.closing.state != "complete":
        raise SystemExit("Other programs keep the machine busy; repeat the command later.")
    split = watch.split()
    return Answer(run, sum(split.values()), split)


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
        sessions = [open_session(name, "cnn", threads)[1] for name in TWO]
        both = [calls_of(session, batches_of(session, batch)) for session in sessions]
        latencies = [warm_up(one, clock).latency_ns for one in both]
        logs: list[float] = []
        until = time.monotonic() + LONGEST_S
        while len(logs) < 4 or (math.expm1(t_interval(logs).half_width) > width and time.monotonic() < until):
            timed = [timed_slice(one, latency, clock) for one, latency in zip(both, latencies, strict=True)]
            means = [sum(one.durations_ns) / one.calls for one in timed]
            logs.append(math.log(means[0] / means[1]))
    return time.monotonic() - began


def case_lines(answers: list[Answer], contenders: tuple[str, ...], mode: str, threads: int) -> Iterator[str]:
    """The lines of one case: the medians over its runs."""
    seconds = median(one.seconds for one in answers)
    timed = median(one.split["timed calls"] / one.seconds for one in answers)
    run, elapsed_s = answers[-1].run, answers[-1].seconds
    pairs = summarise(run).pairs
    settled = sum(one.verdict.value != "inconclusive" for one in pairs)
    apart = process_per_point_s(run, elapsed_s)
    line = (
        f"{', '.join(contenders):24} {mode:8} {seconds:8.1f} {timed:6.0%} {settled:4} of {len(pairs):2} "
        f"{noise(run).share:9.0%} {apart:9.1f} ({apart / elapsed_s:.1f}x)"
    )
    if contenders == TWO:
        widths = {one.a.point.batch: one.comparison.half_width or 1.0 for one in pairs if one.comparison}
        bare = bare_loop_s(widths, threads)
        line += f" {bare:6.1f} ({bare / elapsed_s:.1f}x)"
    yield line
    aim_s = AIM_S.get((contenders, mode))
    if aim_s is not None:
        met = seconds < aim_s and timed >= TIMED_AIM
        yield f"  aim: below {aim_s:.0f} s, {TIMED_AIM:.0%} timed calls; {'met' if met else 'missed'}"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The tables."""
    threads, runs = arguments.threads, arguments.runs
    yield f"cnn, 8 batch sizes, {threads} threads, {'one run' if runs == 1 else f'medians of {runs} runs'} each"
    yield (
        f"{'contenders':24} {'mode':8} {'seconds':>8} {'timed':>6} {'verdicts':>10} {'rejected':>9} "
        f"{'process per point':>16} {'bare loop':>12}"
    )
    splits: list[dict[str, float]] = []
    cases = [one for one in CASES if one[1] == "quick" or not arguments.quick]
    for contenders, mode in cases:
        answers = [answered(contenders, mode, threads) for _ in range(runs)]
        yield from case_lines(answers, contenders, mode, threads)
        splits.append({part: median(one.split[part] for one in answers) for part in PARTS})
    yield ""
    yield f"{'seconds of':24} " + " ".join(f"{len(contenders)} x 8 {mode:8}" for contenders, mode in cases)
    for part in PARTS:
        yield f"{part:24} " + " ".join(f"{split[part]:14.1f}" for split in splits)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Seconds from the command to the answer.")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--runs", type=int, default=1, help="of each case; their medians are printed")
    options.add_argument("--quick", action="store_true", help="leave out the default mode")
    report("time_to_answer", lines, options)
