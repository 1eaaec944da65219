"""How often the conformance kit catches a backend that says one thing and does another, on a quiet and on a busy machine.

The lies are in tests/kit/lies.py. A sound backend is checked as often by the same checks, which it must pass.

    python benchmarks/lies.py --repeats 10
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare.plugins import load_backend
from infer_compare.testing.conformance import CHECKS, Subject, run_check

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).parents[1] / "tests" / "kit" / "lies.py"
SOUND = Path(__file__).parents[1] / "tests" / "kit" / "mutants.py"


def outcome(file: Path, name: str, check: str) -> str:
    """Return what comes of a check for a class of a file."""
    reference = f"file:{file}:{name}"
    with Subject(load_backend(reference), reference=reference) as subject:
        result = run_check(CHECKS[check], subject)
    return str(result.__struct_config__.tag)


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep so many processes computing meanwhile."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def main() -> None:
    """Print a table; exit with 1 if a lie was missed or the sound backend failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10, help="of each lie, on the quiet machine and on the busy one")
    parser.add_argument("--load", type=int, default=2 * (os.cpu_count() or 1), help="processes that make it busy")
    parser.add_argument("--only", default="", help="a part of the name of a lie's class")
    arguments = parser.parse_args()
    lies: Any = sys.modules[load_backend(f"file:{FILE}:TwoThreads").__module__]
    chosen = [lie for lie in lies.LIES if arguments.only in lie.backend]
    repeats, loads = range(arguments.repeats), (0, arguments.load)
    bad = 0
    print(f"{'says':17} {'does':29} {'caught by':30} {'quiet':>5} {'busy':>5}")
    for lie in chosen:
        caught: list[int] = []
        others: set[str] = set()
        for load in loads:
            with busy(load):
                found = [outcome(FILE, lie.backend, lie.check) for _ in repeats]
            caught.append(found.count(lie.outcome))
            others |= {one for one in found if one != lie.outcome}
        bad += sum(one < len(repeats) for one in caught)
        print(f"{lie.says:17} {lie.does:29} {lie.check:30} {caught[0]:5} {caught[1]:5} {', '.join(others)}", flush=True)
    for check in dict.fromkeys(lie.check for lie in chosen):
        failures: list[int] = []
        for load in loads:
            with busy(load):
                failures.append(sum(outcome(SOUND, honest(check), check) == "failed" for _ in repeats))
        bad += sum(failures)
        print(f"{'sound backend':47} {check:30} {failures[0]:5} {failures[1]:5}", flush=True)
    print(f"of {len(repeats)} each; a sound backend must fail 0 times.")
    sys.exit(bool(bad))


def honest(check: str) -> str:
    """Return the name of the sound backend for a check."""
    return "Rounds" if check == "precisions_are_computed_in" else "Sound"


if __name__ == "__main__":
    main()
