"""Whether slices after a brief warm-up, as workers of later restarts have it, differ from those after the long one.

Fresh processes by turns, each with the batch sizes ascending: a warm-up at each, and six slices after it, which are held
against the slices of the process before. The first slice is also held against those that follow it. The aim: neither
differs by more than 1 % over all sizes of a framework.

    python benchmarks/warm_up.py [--pairs 6] [--threads 1] [--save]
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING

from infer_compare.timing import BRIEF, timed_slice, warm_up
from sessions import batches_of, calls_of, open_session
from trials import report

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAMEWORKS = ("torch", "onnx", "tensorflow")
SIZES = (1, 4, 8, 16, 32, 64)
SLICES = 6
AIM = 0.01
clock = time.perf_counter_ns


def one_process(name: str, threads: int, *, brief: bool) -> dict[int, list[float]]:
    """Nanoseconds of a call in each slice, by batch size; before them the time of the warm-up, and whether it was settled."""
    _, session = open_session(name, "cnn", threads)
    found: dict[int, list[float]] = {}
    for size in SIZES:
        calls = calls_of(session, batches_of(session, size))
        # The first size of a worker is never warmed up briefly.
        warm = warm_up(calls, clock, BRIEF if brief and size != SIZES[0] else None)
        pieces = [timed_slice(calls, warm.latency_ns, clock) for _ in range(SLICES)]
        found[size] = [
            float(warm.total_ns - warm.first_call_ns),
            float(warm.settled),
            *(median(one.durations_ns) / one.calls_per_stamp for one in pieces),
        ]
    return found


def in_process(name: str, threads: int, way: str) -> dict[int, list[float]]:
    """The same, in a fresh process."""
    command = [sys.executable, __file__, "--one", name, "--way", way, "--threads", str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {int(size): found for size, found in json.loads(done.stdout.splitlines()[-1]).items()}


def told(name: str, logs: list[float]) -> str:
    """The mean of log ratios, and how exactly it is known."""
    error = stdev(logs) / math.sqrt(len(logs))
    return f"{name} {math.exp(fmean(logs)):6.3f} +-{error:5.1%}"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    threads, pairs = arguments.threads, arguments.pairs
    yield f"cnn, {threads} threads, batch sizes {', '.join(map(str, SIZES))}, {pairs} pairs of processes"
    for name in FRAMEWORKS:
        between: list[float] = []
        settled: list[float] = []
        first: dict[str, list[float]] = {"brief": [], "long": []}
        spent: dict[str, list[float]] = {"brief": [], "long": []}
        for number in range(pairs):
            ways = ("brief", "long") if number % 2 else ("long", "brief")
            found = {way: in_process(name, threads, way) for way in ways}
            for size in SIZES[1:]:
                for way in ways:
                    warm_ns, _, *slices = found[way][size]
                    spent[way].append(warm_ns / 1e6)
                    first[way].append(math.log(slices[0] / median(slices[1:])))
                brief, long = (median(found[way][size][2:]) for way in ("brief", "long"))
                settled.append(found["long"][size][1])
                between.append(math.log(brief / long))
        yield (
            f"{name:11} {told('brief over long', between)}; first slice over later ones: "
            f"{told('brief', first['brief'])}, {told('long', first['long'])}; "
            f"warm-up {fmean(spent['brief']):.0f} in place of {fmean(spent['long']):.0f} ms, "
            f"{fmean(settled):.0%} of the long ones settled"
        )
        met = all(abs(fmean(logs)) < AIM for logs in (between, first["brief"]))
        yield f"  aim: within {AIM:.0%}; {'met' if met else 'missed'}"


def main() -> None:
    """One process, or the table."""
    options = argparse.ArgumentParser(description="Slices after a brief warm-up against those after a long one.")
    options.add_argument("--pairs", type=int, default=6)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--one", help=argparse.SUPPRESS)
    options.add_argument("--way", help=argparse.SUPPRESS)
    known, _ = options.parse_known_args()
    if known.one:
        print(json.dumps(one_process(known.one, known.threads, brief=known.way == "brief")))
        return
    report("warm_up", lines, options)


if __name__ == "__main__":
    main()
