"""What the protocol can see on a quiet machine: a planted slowdown, two frameworks, and that two same ones are the same.

python benchmarks/power.py [--backend onnx] [--save]
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from trials import report, same, slowed, trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trials import Trial


def row(what: str, trials: list[Trial], verdict: str, wanted: str) -> str:
    """One line: how many of the trials gave the verdict."""
    found = sum(one.word == verdict for one in trials)
    rejected = sum(one.rejected for one in trials) / len(trials)
    ratios = sorted(one.comparison.ratio for one in trials if one.comparison)
    middle = f"{ratios[len(ratios) // 2]:.3f}" if ratios else "-"
    return f"{what:40} {verdict:8} {found:3} of {len(trials):2}  {wanted:>9} {middle:>12} {rejected:9.0%}"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    backend = arguments.backend
    yield f"cnn, batch 8, 1 thread, seed of each run its number; {backend}"
    yield f"{'comparison':40} {'verdict':8} {'found':>9}  {'wanted':>9} {'median ratio':>12} {'rejected':>9}"
    pair = (f"{backend}:label=plain", slowed(backend, 0.1))
    trials = [trial(pair, threads=1, seed=number) for number in range(20)]
    yield row("10 % slowdown planted", trials, "faster", ">= 18")
    trials = [trial(("onnx", "torch"), threads=1, seed=number) for number in range(10)]
    yield row("onnx against torch", trials, "faster", ">= 9")
    trials = [trial(same(backend), threads=1, seed=number) for number in range(20)]
    yield row("the same twice", trials, "same", ">= 12")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What the protocol can see on a quiet machine.")
    options.add_argument("--backend", default="onnx")
    report("power", lines, options)
