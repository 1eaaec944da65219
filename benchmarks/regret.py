"""What following the recommendation costs: throughput at the recommended batch size over the best of all sizes.

The truth is that of processes which run one size alone, as whoever follows the recommendation does: a size that runs
after larger ones finds the allocator as they left it, and PyTorch is up to a third faster then. It is measured twice over:
the size that one half finds best is held against the recommended one by the figures of the other half, and the
other way round, since the highest of many noisy figures is too high.

    python benchmarks/regret.py [--models cnn] [--repeats 10] [--save]
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from infer_compare.verdicts.summary import summarise
from trials import report, sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CONTENDERS = ("torch", "onnx")
GOOD = 0.97
RESTARTS = 2
"""Of each half of the truth."""


def alone(model: str, sizes: Iterable[int], threads: int) -> dict[str, dict[int, float]]:
    """Samples a second by contender and batch size, each size in processes of its own."""
    found: dict[str, dict[int, float]] = {label: {} for label in CONTENDERS}
    for size in sizes:
        run = sweep(CONTENDERS, model=model, batch_sizes=(size,), threads=threads, restarts=RESTARTS)
        for one in summarise(run).figures:
            found[one.contender][size] = one.throughput
    return found


def best_of(curve: dict[int, float]) -> int:
    """The size with the highest throughput."""
    return max(curve, key=curve.__getitem__)


def share_of(pick: int, halves: Sequence[dict[int, float]]) -> float | None:
    """The throughput at a size over that at the best one, which the other half chooses; None where one is not known."""
    shares = []
    for chooser, judge in (halves, halves[::-1]):
        found, most = judge.get(pick), judge.get(best_of(chooser))
        if found is None or most is None:
            return None
        shares.append(found / most)
    return sum(shares) / len(shares)


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    threads = arguments.threads
    yield f"{threads} threads, {arguments.repeats} runs a model in {arguments.mode} mode; regret = 1 - share"
    yield f"{'model':14} {'contender':10} {'best sizes':>10} {'recommended':>24} {'least share':>11} {'good':>8}"
    for model in arguments.models.split(","):
        picks: dict[str, list[int]] = {label: [] for label in CONTENDERS}
        for number in range(arguments.repeats):
            run = sweep(CONTENDERS, model=model, threads=threads, mode=arguments.mode, seed=number)
            for best in summarise(run).answer.by_contender:
                picks[best.contender].append(best.point.batch)
        sizes = sorted(
            {2**power for power in range(arguments.powers)} | {pick for found in picks.values() for pick in found}
        )
        truths = [alone(model, sizes, threads) for _ in range(2)]
        for label in CONTENDERS:
            halves = [truth[label] for truth in truths]
            if not (all(halves) and picks[label]):
                yield f"{model:14} {label:10} nothing was measured: the machine was busy"
                continue
            shares = [share for pick in picks[label] if (share := share_of(pick, halves)) is not None]
            told = ", ".join(f"{times}x {size}" for size, times in sorted(Counter(picks[label]).items()))
            good = sum(share >= GOOD for share in shares)
            yield (
                f"{model:14} {label:10} {','.join(str(best_of(half)) for half in halves):>10} {told:>24} "
                f"{min(shares):11.3f} {good:3} of {len(shares):2}"
            )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What following the recommendation costs.")
    options.add_argument("--models", default="cnn,resnet18,bert_small")
    options.add_argument("--repeats", type=int, default=10)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--powers", type=int, default=7, help="how many powers of two are measured alone")
    options.add_argument("--mode", choices=["quick", "default"], default="quick")
    report("regret", lines, options)
