"""What following `infer-compare tune` costs: throughput of the configuration that it chose over the best of an exhaustive sweep.

The exhaustive sweep measures every configuration that tune tries, in full, without dropping any. Both throughputs are those of the
sweep, so the searches are judged by figures that none of them chose. A search has at most a third of the sweep's time.

    python benchmarks/tune.py [--models cnn,bert_small] [--backends onnx,torch] [--runs 10] [--threads 2] [--short] [--save]

`--short` takes two minutes: one search among the configurations of ONNX Runtime for `mlp`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare import api
from infer_compare.phases.recipe import winner
from infer_compare.plugins import Plugins
from infer_compare.preparation.configurations import MEASURING_S, TRYING_S, tuned
from infer_compare.request.options import RunOptions
from infer_compare.verdicts.summary import summarise
from trials import report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.results import Run

MODELS = ("cnn", "bert_small")
GOOD = 0.97
"""Of the best throughput: what a search should reach."""
SHARE = 1 / 3
"""Of the sweep's time: what a search may take."""
LEAST_S = 25.0
"""Of a search: less is not what anybody gives."""
ENOUGH_S = 86400.0


class Truth(NamedTuple):
    """What the exhaustive sweep of a model found."""

    throughput: dict[str, dict[int, float]]
    """By contender and batch size."""
    seconds: float

    @property
    def best(self) -> float:
        """The highest throughput of all."""
        return max(rate for sizes in self.throughput.values() for rate in sizes.values())

    def of(self, contender: str, batch: int) -> float:
        """Return the throughput of a configuration: at the size that was chosen, or at the nearest that the sweep has."""
        sizes = self.throughput.get(contender, {})
        return sizes[min(sizes, key=lambda size: abs(size - batch))] if sizes else 0.0


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the table, a line for each model."""
    if arguments.short:
        arguments.models, arguments.backends, arguments.runs = "mlp", "onnx", 1
    yield "| model | configurations | sweep | search | reached | median share | worst |"
    yield "|---|---|---|---|---|---|---|"
    for model in arguments.models.split(","):
        asked = RunOptions(
            model=model,
            backends=tuple(arguments.backends.split(",")) if arguments.backends else None,
            threads=arguments.threads,
            budget=ENOUGH_S,
        )
        truth, number = exhaustive(asked)
        # Reading the model and starting processes take their time, however little there is to measure.
        budget = max(SHARE * truth.seconds, LEAST_S, number * TRYING_S + MEASURING_S)
        shares, seconds = [], []
        for seed in range(arguments.runs):
            share, took = search(msgspec.structs.replace(asked, budget=budget, seed=seed), truth)
            tell(f"{model}: search {seed + 1} of {arguments.runs}: {share:.3f} of the best in {took:.0f} s")
            shares.append(share)
            seconds.append(took)
        reached = sum(share >= GOOD for share in shares)
        yield (
            f"| {model} | {number} | {truth.seconds:.0f} s | {median(seconds):.0f} s ({max(seconds) / truth.seconds:.2f}) "
            f"| {reached} of {len(shares)} | {median(shares):.3f} | {min(shares):.3f} |"
        )


def exhaustive(asked: RunOptions) -> tuple[Truth, int]:
    """Return what a sweep over every configuration finds, and how many there are."""
    plugins = Plugins.discover()
    every = tuned(asked, plugins)
    options = msgspec.structs.replace(every, race=False, budget=None)
    tell(f"{asked.model}: sweep over {len(every.contenders or ())} configurations")
    run, seconds = measured(options, plugins)
    throughput: dict[str, dict[int, float]] = {}
    for found in summarise(run).figures:
        throughput.setdefault(found.contender, {})[found.point.batch] = found.throughput
    if not throughput:
        reason = run.closing.reason if run.closing is not None else "it did not end"
        raise SystemExit(f"{asked.model}: the sweep measured nothing: {reason}")
    return Truth(throughput, seconds), len(every.contenders or ())


def search(asked: RunOptions, truth: Truth) -> tuple[float, float]:
    """Return the share of the best throughput that the configuration of one search has, and its seconds."""
    plugins = Plugins.discover()
    run, seconds = measured(tuned(asked, plugins), plugins)
    won = winner(run)
    return (truth.of(won[0], won[1].batch) / truth.best if won is not None else 0.0), seconds


def measured(options: RunOptions, plugins: Plugins) -> tuple[Run, float]:
    """Return a run, and its seconds from start to end."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as folder:
        run = api.sweep(options, Path(folder) / "run", plugins=plugins)
    return run, time.monotonic() - began


def tell(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What following the answer of tune costs.")
    options.add_argument("--models", default=",".join(MODELS))
    options.add_argument("--backends", help="those that take part; all that are installed by default")
    options.add_argument("--runs", type=int, default=10, help="searches for each model")
    options.add_argument("--threads", type=int)
    options.add_argument("--short", action="store_true", help="one search for a small model: two minutes")
    report("tune", lines, options)
