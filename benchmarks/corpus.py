"""Records what restarts of a pair look like on this machine: log-ratios of rounds, for `rule.py` to draw runs from.

Every restart is a sweep of its own, with fresh workers and a single restart, so that no rule has a say in what is
recorded. A file holds one cell: a pair, a number of threads, and what ran beside it.

    python benchmarks/corpus.py [--restarts 24] [--cells onnx-same-1-quiet,...] [--folder benchmarks/corpus]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from infer_compare.verdicts.contrast import PairedRounds
from infer_compare.verdicts.measurements import Candidate, Measurements
from trials import beside, same, slowed, sweep

SIZES = (1, 4, 8, 32)
ROUNDS = 4
DIGITS = 5
"""Of a log-ratio: a hundredth of a per mille is far below what any round can tell."""


class Cell(NamedTuple):
    """What one file holds."""

    backend: str
    slowdown: float
    """Planted in the second contender; 0 is the same backend twice."""
    threads: int
    load: str

    @property
    def name(self) -> str:
        """Of its file."""
        what = f"{100 * self.slowdown:g}" if self.slowdown else "same"
        return f"{self.backend}-{what}-{self.threads}-{self.load.replace(' ', '-')}"

    @property
    def pair(self) -> tuple[str, str]:
        """The contenders."""
        return (f"{self.backend}:label=A", slowed(self.backend, self.slowdown)) if self.slowdown else same(self.backend)


CELLS = (
    *(Cell("onnx", slowdown, 1, "quiet") for slowdown in (0.0, 0.1, 0.05, 0.2)),
    *(Cell("onnx", slowdown, 2, "quiet") for slowdown in (0.0, 0.1, 0.05, 0.2)),
    Cell("torch", 0.0, 1, "quiet"),
    Cell("torch", 0.0, 2, "quiet"),
    *(Cell("onnx", slowdown, 1, "busy loop") for slowdown in (0.0, 0.1)),
)


def restart(cell: Cell, number: int) -> dict[str, dict[str, list[float]]]:
    """One restart: by batch size, the log-ratio of each clean round, and the allowance for contention."""
    run = sweep(cell.pair, model="cnn", batch_sizes=SIZES, threads=cell.threads, seed=number, restarts=1, rounds=ROUNDS)
    measurements = Measurements(run.rounds, cell.threads)
    found: dict[str, dict[str, list[float]]] = {}
    for point in sorted({one.point for one in run.rounds}):
        a, b = (Candidate(label, point) for label in run.labels)
        contrast = measurements.contrast(a, b)
        if isinstance(contrast, PairedRounds):
            rounds = [round(value, DIGITS) for value in contrast.groups[0]]
            found[str(point.batch)] = {"rounds": rounds, "allowance": [round(contrast.allowance, DIGITS)]}
    return found


def main() -> None:
    """Records the cells that are asked for; restarts that a file has already are kept."""
    parser = argparse.ArgumentParser(description="Record what restarts of a pair look like on this machine.")
    parser.add_argument("--restarts", type=int, default=24)
    parser.add_argument("--cells", default=",".join(cell.name for cell in CELLS))
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "corpus")
    arguments = parser.parse_args()
    arguments.folder.mkdir(exist_ok=True)
    for cell in CELLS:
        if cell.name not in arguments.cells.split(","):
            continue
        path = arguments.folder / f"{cell.name}.json"
        restarts = json.loads(path.read_text(encoding="utf-8"))["restarts"] if path.exists() else []
        with beside(cell.load):
            while len(restarts) < arguments.restarts:
                began = time.monotonic()
                restarts.append(restart(cell, len(restarts)))
                kept = {**cell._asdict(), "model": "cnn", "restarts": restarts}
                lines = ",\n".join(json.dumps(one) for one in restarts)
                head = json.dumps({key: value for key, value in kept.items() if key != "restarts"})[:-1]
                path.write_text(f'{head}, "restarts": [\n{lines}\n]}}\n', encoding="utf-8")
                print(f"{cell.name} {len(restarts)} ({time.monotonic() - began:.1f} s)", file=sys.stderr)


if __name__ == "__main__":
    main()
