"""What the rule of verdicts says of runs that are drawn from recorded restarts: false verdicts, and what is found.

A run is drawn from the restarts of one cell, without replacement; a quick run is three restarts with their first two
rounds, a default one four with four. `+5 %` and so on say how often a difference is found: where it was planted, as it was
recorded, and else in the A/A rounds shifted by that much. All shares are percentages: `false` of runs that call equal
contenders different at any size, or the slower one faster; the others of sizes. `sd` is the standard deviation of
restart means.

    python benchmarks/rule.py [--runs 10000] [--folder benchmarks/corpus] [--simulate] [--save]
"""

from __future__ import annotations

import argparse
import json
from math import log1p
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from noise_models import NOISE, draw
from vector_rule import FASTER, SAME, SLOWER, one_by_one, verdicts

from trials import report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vector_rule import Codes, Floats

MODES = {"quick": (3, 2), "default": (4, 4)}
"""Restarts and rounds."""
DIFFERENCES = (0.05, 0.10, 0.20)
CHECKED = 40
"""Runs of each row for which the real rule is asked as well."""
FALSE_AIM = 1.0
AIMS = {
    "quick": ((0.7, {0.05: 90.0, 0.10: 98.0}, 80.0), (1.5, {0.10: 85.0}, 0.0)),
    "default": ((0.7, {0.05: 90.0}, 0.0),),
}
"""Up to which standard deviation in per cent: what share of each difference is found, and how often A/A is the same."""


class Row(NamedTuple):
    """What was drawn of a cell."""

    sd: float
    false: float
    same: float
    found: dict[float, float]
    """By difference."""


class Cell:
    """The recorded restarts of a pair."""

    def __init__(self, path: Path) -> None:
        """Reads the file."""
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.name = path.stem
        self.slowdown: float = told["slowdown"]
        self.restarts: list[dict[str, dict[str, list[float]]]] = told["restarts"]
        self.sizes = sorted({size for one in self.restarts for size in one}, key=int)

    def table(self, sizes: list[str], rounds: int) -> tuple[Floats, Floats]:
        """The rounds (restarts, sizes, rounds) and allowances of the restarts with that many rounds at these sizes."""
        whole = [
            one for one in self.restarts if all(size in one and len(one[size]["rounds"]) >= rounds for size in sizes)
        ]
        kept = [[one[size]["rounds"][:rounds] for size in sizes] for one in whole]
        allowed = [[one[size]["allowance"][0] for size in sizes] for one in whole]
        return np.array(kept, dtype=np.float64), np.array(allowed, dtype=np.float64)


def drawn(
    cell: Cell, sizes: list[str], mode: str, runs: int, rng: np.random.Generator
) -> tuple[Floats, Floats, float] | None:
    """Runs at these sizes together, their allowances, and the variance of restart means; None of too few restarts."""
    restarts, rounds = MODES[mode]
    table, allowed = cell.table(sizes, rounds)
    if len(table) <= restarts:
        return None
    chosen = rng.random((runs, len(table))).argsort(1)[:, :restarts]
    variance = float(table.mean(2).var(0, ddof=1).mean())
    return table[chosen].transpose(0, 2, 1, 3), allowed[chosen].mean(1), variance


def decided(samples: list[tuple[Floats, Floats]], slowdown: float, sd: float) -> Row:
    """What is said of the runs of all samples together.

    Raises:
        AssertionError: the real rule says something else of one of the first runs.
    """
    said = [_checked(rounds, allowed) for rounds, allowed in samples]
    wrong = (SLOWER,) if slowdown else (FASTER, SLOWER)
    found = {}
    for difference in (slowdown,) if slowdown else DIFFERENCES:
        shift = 0.0 if slowdown else log1p(difference)
        told = said if slowdown else [verdicts(rounds + shift, allowed) for rounds, allowed in samples]
        found[difference] = 100 * float(np.mean([(one == FASTER).mean() for one in told]))
    false = 100 * float(np.mean([np.isin(one, wrong).any(1).mean() for one in said]))
    return Row(sd, false, 100 * float(np.mean([(one == SAME).mean() for one in said])), found)


def _checked(rounds: Floats, allowed: Floats) -> Codes:
    said = verdicts(rounds, allowed)
    for number in range(min(CHECKED, len(said))):
        real = one_by_one(rounds[number], allowed[number])
        assert (real == said[number]).all(), f"run {number}: the real rule says {real}, this one {said[number]}"
    return said


def row_of(cell: Cell, mode: str, together: bool, runs: int, rng: np.random.Generator) -> Row | None:
    """Of runs of all sizes at once, or of one size each in turn."""
    groups = [cell.sizes] if together else [[size] for size in cell.sizes]
    samples = [one for sizes in groups if (one := drawn(cell, sizes, mode, runs // len(groups), rng)) is not None]
    if not samples:
        return None
    sd = 100 * float(np.sqrt(np.mean([variance for *_, variance in samples])))
    return decided([(rounds, allowed) for rounds, allowed, _ in samples], cell.slowdown, sd)


def missed(mode: str, row: Row, slowdown: float) -> list[str]:
    """The aims that a row does not reach, in words."""
    told = [f"false {row.false:.2f} > {FALSE_AIM:g}"] if row.false > FALSE_AIM else []
    for limit, differences, same in AIMS[mode]:
        if row.sd <= limit:
            told += [
                f"{100 * one:g} %: {row.found[one]:.0f} < {aim:g}"
                for one, aim in differences.items()
                if one in row.found and row.found[one] < aim
            ]
            told += [f"same {row.same:.0f} < {same:g}"] if not slowdown and row.same < same else []
            break
    return told


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    if arguments.simulate:
        yield from simulated(arguments.runs)
        return
    paths = sorted(arguments.folder.glob("*.json"))
    yield f"{arguments.runs:,} runs a row, of cnn at 4 sizes; in per cent"
    yield f"{'cell':22} {'mode':8} {'sizes':>5} {'sd':>5} {'false':>6} {'same':>5} {_titles()}  aims"
    failed = rows = 0
    for path in paths:
        cell = Cell(path)
        for mode, together in ((mode, together) for mode in MODES for together in (True, False)):
            row = row_of(cell, mode, together, arguments.runs, np.random.default_rng(1))
            head = f"{cell.name:22} {mode:8} {len(cell.sizes) if together else 1:5}"
            if row is None:
                yield f"{head} too few restarts in which every size has all its rounds"
                continue
            told = missed(mode, row, cell.slowdown)
            rows += 1
            failed += bool(told)
            goal = any(row.sd <= limit for limit, *_ in AIMS[mode])
            word = f"missed: {'; '.join(told)}" if told else "met" if goal else "no goal but false"
            yield f"{head} {row.sd:5.2f} {row.false:6.2f} {row.same:5.0f} {_found(row)}  {word}"
    yield "differences in cells named `same` are A/A rounds shifted by that much; the others were planted and recorded"
    yield f"rows that miss an aim: {failed} of {rows}"


def simulated(runs: int) -> Iterator[str]:
    """The same for drawn noise, of quick runs and default ones."""
    yield f"simulated, {runs:,} runs a row; in per cent"
    yield f"{'noise':22} {'mode':8} {'sizes':>5} {'sd':>5} {'false':>6} {'same':>5} {_titles()}"
    for name, constants in NOISE.items():
        for mode, (restarts, rounds) in MODES.items():
            for sizes in (4, 1):
                log_ratios = draw(np.random.default_rng(1), (runs, sizes, restarts, rounds), constants)
                sd = 100 * float(np.sqrt(log_ratios.mean(3).var(2, ddof=1).mean()))
                row = decided([(log_ratios, np.zeros((runs, sizes)))], 0.0, sd)
                yield f"{name:22} {mode:8} {sizes:5} {sd:5.2f} {row.false:6.2f} {row.same:5.0f} {_found(row)}"


def _titles() -> str:
    return " ".join(f"{f'+{100 * one:g} %':>6}" for one in DIFFERENCES)


def _found(row: Row) -> str:
    return " ".join(f"{row.found[one]:6.0f}" if one in row.found else f"{'':6}" for one in DIFFERENCES)


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description="What the rule of verdicts says of runs drawn from recorded restarts."
    )
    options.add_argument("--runs", type=int, default=10_000)
    options.add_argument("--folder", type=Path, default=Path(__file__).parent / "corpus")
    options.add_argument("--simulate", action="store_true", help="draw noise instead of recorded restarts")
    report("rule", lines, options)
