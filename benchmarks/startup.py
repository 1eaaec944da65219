"""How long a person waits for the first line: `infer-compare --help` and `--version` against a bare interpreter.

The aim: less than 0.3 s each, which is what still feels immediate. Exits with 1 where a median is above it.
Runs take turns, so that all three see the same machine; on a busy one every figure is too high.

    python benchmarks/startup.py [--runs 20]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

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


def main() -> int:
    """Prints the table; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description="Start-up time of the command line.")
    parser.add_argument("--runs", type=int, default=20)
    found = medians(parser.parse_args().runs)
    bare = found["python -c pass"]
    print(f"{'command':26}{'median s':>10}{'over bare':>12}")
    for name, median in found.items():
        print(f"{name:26}{median:10.3f}{median - bare:12.3f}")
    late = [name for name, median in found.items() if median > AIM_S]
    print(f"aim: {AIM_S} s; " + (f"missed by {', '.join(late)}" if late else "met"))
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
