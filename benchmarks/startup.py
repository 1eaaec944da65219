"""How long a person waits for the first line: `infer-compare --help` and `--version` against a bare interpreter.

The aim: less than 0.3 s each, which is what still feels immediate. Exits with 1 where a median is above it.
Runs take turns, so that all three see the same machine; on a busy one every figure is too high.

With `--workers` also what importing a framework costs a worker, as it is and hurried (the garbage collector off), by turns:
processor seconds, which other programs hardly change.

    python benchmarks/startup.py [--runs 20] [--workers 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped] # it ships no types

from infer_compare.plugins import Plugins
from infer_compare.worker.client import LocalProcess
from infer_compare.worker.protocol import Open

FRAMEWORKS = ("torch", "onnx", "tensorflow")
IMPORT_S = 180.0
AIM_S = 0.3
SCRIPT = Path(sys.executable).with_name("infer-compare")

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "infer-compare --version": [str(SCRIPT), "--version"],
    "infer-compare --help": [str(SCRIPT), "--help"],
}


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """From the start of a process to its end."""
    before = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - before


def medians(runs: int) -> dict[str, float]:
    """The median seconds of each command, by its name."""
    # An installed program is byte-compiled; without this, every start would compile it again.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for command in COMMANDS.values():
        seconds(command, environment)
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            taken[name].append(seconds(command, environment))
    return {name: statistics.median(times) for name, times in taken.items()}


def importing(backend: str, *, hurried: bool) -> float:
    """Processor seconds of a fresh worker until its framework is imported."""
    entry = Plugins.discover().find(backend)
    with LocalProcess(start_deadline_s=IMPORT_S) as client:
        client.open(Open(backend=entry.reference, options={}, threads=1, seed=0, hurried=hurried))
        used = psutil.Process(client.pid).cpu_times()
    return float(used.user + used.system)


def print_workers(runs: int) -> None:
    """Prints what importing costs, the medians of so many workers each."""
    print(f"\n{'import, processor s':26}{'as it is':>10}{'hurried':>12}")
    for backend in FRAMEWORKS:
        taken: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(runs):
            for hurried, times in taken.items():
                times.append(importing(backend, hurried=hurried))
        print(f"{backend:26}{statistics.median(taken[False]):10.2f}{statistics.median(taken[True]):12.2f}", flush=True)


def main() -> int:
    """Prints the tables; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description="Start-up time of the command line, and of workers.")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--workers", type=int, default=0, help="workers of each framework and kind that are started")
    options = parser.parse_args()
    found = medians(options.runs)
    bare = found["python -c pass"]
    print(f"{'command':26}{'median s':>10}{'over bare':>12}")
    for name, median in found.items():
        print(f"{name:26}{median:10.3f}{median - bare:12.3f}")
    late = [name for name, median in found.items() if median > AIM_S]
    print(f"aim: {AIM_S} s; " + (f"missed by {', '.join(late)}" if late else "met"))
    if options.workers:
        print_workers(options.workers)
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
