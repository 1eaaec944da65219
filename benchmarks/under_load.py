"""Whether verdicts beside a load agree with the quiet ones: onnx against torch, on one thread and on two.

A verdict beside the load must be the quiet one with a ratio within 10 %, or INCONCLUSIVE.

    python benchmarks/under_load.py [--repeats 5] [--save]
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from typing import TYPE_CHECKING

from trials import beside, report, trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trials import Trial

WITHIN = 0.10


def row(load: str, threads: int, trials: list[Trial]) -> str:
    """One line."""
    words = Counter(one.word for one in trials)
    told = ", ".join(f"{number} {word}" for word, number in words.items())
    ratios = [one.comparison.ratio for one in trials if one.comparison]
    middle = f"{statistics.median(ratios):.3f}" if ratios else "-"
    rejected = sum(one.rejected for one in trials) / len(trials)
    seconds = sum(one.seconds for one in trials) / len(trials)
    return f"{threads:7} {load:10} {told:32} {middle:>12} {rejected:9.0%} {seconds:6.1f}"


def contradicts(one: Trial, quiet: list[Trial]) -> bool:
    """Whether a verdict beside the load says something else than the quiet ones."""
    if one.word == "inconclusive" or one.comparison is None:
        return False
    settled = [other for other in quiet if other.word != "inconclusive" and other.comparison is not None]
    usual = statistics.median(other.comparison.ratio for other in settled if other.comparison) if settled else None
    wrong_way = any(other.word != one.word for other in settled)
    return wrong_way or (usual is not None and abs(one.comparison.ratio / usual - 1) > WITHIN)


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    yield f"onnx against torch, cnn, batch 8, {arguments.repeats} runs each"
    yield f"{'threads':>7} {'beside':10} {'verdicts':32} {'median ratio':>12} {'rejected':>9} {'s/run':>6}"
    wrong = 0
    for threads in (1, 2):
        found: dict[str, list[Trial]] = {}
        for load in ("quiet", "busy loop"):
            with beside(load):
                found[load] = [
                    trial(("onnx", "torch"), threads=threads, seed=seed) for seed in range(arguments.repeats)
                ]
            yield row(load, threads, found[load])
        wrong += sum(contradicts(one, found["quiet"]) for one in found["busy loop"])
    yield f"verdicts beside the load that contradict the quiet ones: {wrong}"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Whether verdicts beside a load agree with the quiet ones.")
    options.add_argument("--repeats", type=int, default=5)
    report("under_load", lines, options)
