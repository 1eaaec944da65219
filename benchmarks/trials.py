"""What the benchmarks of the protocol share: one comparison as a trial, loads beside it, and where tables go."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare import api
from infer_compare.planted import contender
from infer_compare.plugins import Plugins
from infer_compare.report.noise import noise
from infer_compare.request.options import RunOptions
from infer_compare.verdicts.summary import summarise

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from infer_compare.phases.events import Observer
    from infer_compare.results import Run
    from infer_compare.verdicts.looks import Verdict
    from infer_compare.verdicts.ratios import Comparison

SAVED = Path(__file__).parent.parent / "docs" / "figures"
"""Tables that the documentation quotes."""

LOADS = {
    "quiet": "",
    "busy loop": "while True: pass",
    "memory": "import numpy as np\na = np.ones(1 << 27, np.uint8)\nb = a.copy()\nwhile True: np.copyto(b, a)",
    "disk": (
        "import os, tempfile\n"
        "with tempfile.NamedTemporaryFile(dir='.') as file:\n"
        "    while True:\n"
        "        file.seek(0); file.write(bytes(1 << 24)); file.flush(); os.fsync(file.fileno())"
    ),
}
"""Programs that run beside a trial."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One comparison of two contenders at one operating point."""

    verdict: Verdict
    comparison: Comparison | None
    rejected: float
    """Share of all slices that the gate rejected."""
    seconds: float

    @property
    def word(self) -> str:
        """Of the verdict."""
        return self.verdict.value


def same(backend: str) -> tuple[str, str]:
    """The same backend twice."""
    return (f"{backend}:label=A", f"{backend}:label=B")


def slowed(backend: str, share: float) -> str:
    """A backend made slower by a share, through extra work in its own process."""
    return contender(backend, share, "slowed")


def sweep(contenders: tuple[str, ...], *, observer: Observer | None = None, **request: Any) -> Run:  # noqa: ANN401 - fields of a request
    """A run in a folder that is not kept."""
    plugins = Plugins.discover()
    with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as folder:
        asked = RunOptions(contenders=contenders, **request)
        return api.sweep(asked, Path(folder) / "run", plugins=plugins, observer=observer)


def trial(contenders: tuple[str, str], **request: Any) -> Trial:  # noqa: ANN401 - fields of a request
    """Compares two contenders at one batch size."""
    began = time.monotonic()
    run = sweep(contenders, **{"model": "cnn", "batch_sizes": (8,), **request})
    (pair,) = summarise(run).pairs
    return Trial(pair.verdict, pair.comparison, noise(run).share, time.monotonic() - began)


@contextlib.contextmanager
def beside(load: str) -> Iterator[None]:
    """Runs one of the loads for the time of the block."""
    if not LOADS[load]:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", LOADS[load]])
    try:
        # It is at full speed before anything is measured.
        time.sleep(1.0)
        yield
    finally:
        process.kill()
        process.wait()


def report(name: str, lines: Callable[[argparse.Namespace], Iterator[str]], parser: argparse.ArgumentParser) -> None:
    """Prints lines as they come, and keeps them for the documentation where that is asked for.

    Args:
        name: of the table.
        lines: makes them.
        parser: of the options, to which `--save` is added.
    """
    parser.add_argument("--save", action="store_true", help="also write the table for the documentation")
    arguments = parser.parse_args()
    kept = []
    for line in lines(arguments):
        print(line, flush=True)
        kept.append(line)
    if arguments.save:
        SAVED.mkdir(exist_ok=True)
        (SAVED / f"{name}.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
