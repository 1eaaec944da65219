"""What following the recommendation costs: throughput at the recommended batch size over the best of all sizes.

The best is that of an exhaustive sweep over powers of two, made once for each model with more rounds than any run.

    python benchmarks/regret.py [--models cnn] [--repeats 10] [--save]
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from infer_compare.verdicts.summary import summarise
from trials import report, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.results import Run

CONTENDERS = ("torch", "onnx")
GOOD = 0.97


def throughputs(run: Run) -> dict[str, dict[int, float]]:
    """Samples a second by contender and batch size."""
    found: dict[str, dict[int, float]] = {label: {} for label in run.labels}
    for one in summarise(run).figures:
        found[one.contender][one.point.batch] = one.throughput
    return found


def at(curve: dict[int, float], batch: int) -> float | None:
    """The throughput at a size; between two neighbouring sizes of the exhaustive sweep, the lower of both."""
    if batch in curve:
        return curve[batch]
    below, above = [size for size in curve if size < batch], [size for size in curve if size > batch]
    return min(curve[max(below)], curve[min(above)]) if below and above else None


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    threads = arguments.threads
    yield f"{threads} threads, {arguments.repeats} runs a model; regret = 1 - share"
    yield f"{'model':14} {'contender':10} {'best size':>9} {'recommended':>22} {'least share':>11} {'good':>8}"
    for model in arguments.models.split(","):
        sizes = tuple(2**power for power in range(arguments.powers))
        truth = throughputs(
            sweep(CONTENDERS, model=model, batch_sizes=sizes, threads=threads, mode="thorough", restarts=4)
        )
        picks: dict[str, list[int]] = {label: [] for label in CONTENDERS}
        for number in range(arguments.repeats):
            run = sweep(CONTENDERS, model=model, threads=threads, mode=arguments.mode, seed=number)
            for best in summarise(run).answer.by_contender:
                picks[best.contender].append(best.point.batch)
        for label in CONTENDERS:
            curve = truth[label]
            if not (curve and picks[label]):
                yield f"{model:14} {label:10} nothing was measured: the machine was busy"
                continue
            shares = [found / max(curve.values()) for pick in picks[label] if (found := at(curve, pick)) is not None]
            told = ",".join(map(str, sorted(set(picks[label]))))
            good = sum(share >= GOOD for share in shares)
            yield (
                f"{model:14} {label:10} {max(curve, key=curve.__getitem__):9} {told:>22} {min(shares):11.3f} "
                f"{good:3} of {len(shares):2}"
            )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What following the recommendation costs.")
    options.add_argument("--models", default="cnn,resnet18,bert_small")
    options.add_argument("--repeats", type=int, default=10)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--powers", type=int, default=7, help="how many powers of two the exhaustive sweep takes")
    options.add_argument("--mode", choices=["quick", "default"], default="quick")
    report("regret", lines, options)
