"""What faults cost a run: each of them made to happen to each framework, in real processes.

`survived` says whether the other contender got all its figures; a fault that ends the run itself has none (-). A
record is lost when the run took it for stored and it is not there afterwards; an orphan is a process that outlives the
run. Seconds are of the whole run, two starts of a framework or more included.

    python benchmarks/faults.py [--frameworks torch,onnx,tensorflow] [--faults segfault,hang] [--save]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from trials import report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "importable"))
from fault_injection.matrix import FRAMEWORKS, matrix
from fault_injection.result import inject

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = {True: "yes", False: "NO", None: "-"}


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table.

    Raises:
        SystemExit: a framework or a fault of that name is not known.
    """
    frameworks = arguments.frameworks.split(",")
    _refuse(frameworks, FRAMEWORKS)
    names = [fault.name for fault in matrix(frameworks[0])]
    chosen = arguments.faults.split(",") if arguments.faults else names
    _refuse(chosen, names)
    yield (
        f"{'fault':42} {'framework':10} {'injected':>8} {'exit code':>9} {'survived':>8} "
        f"{'lost':>4} {'orphans':>7} {'s':>5}"
    )
    lost = orphans = 0
    for place in map(names.index, chosen):
        for framework in frameworks:
            fault = matrix(framework)[place]
            with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as folder:
                result = inject(fault, framework, Path(folder))
            lost, orphans = lost + result.lost, orphans + result.orphans
            code = str(result.exit_code)
            if result.exit_code != fault.exit_code:
                code += f", not {fault.exit_code}"
            yield (
                f"{fault.text:42} {framework:10} {WORDS[result.injected]:>8} {code:>9} {WORDS[result.survived]:>8} "
                f"{result.lost:4} {result.orphans:7} {result.seconds:5.1f}"
            )
    yield f"{lost} records lost, {orphans} orphans"


def _refuse(given: list[str], known: list[str] | tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise SystemExit(f"{name!r} is none of {', '.join(known)}.")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What faults cost a run.")
    options.add_argument("--frameworks", default=",".join(FRAMEWORKS))
    options.add_argument("--faults", help="some of the lines, by name; all without it")
    report("faults", lines, options)
