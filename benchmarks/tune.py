"""What following `infer-compare tune` costs: throughput of the configuration that it chose over the best of an exhaustive sweep.

The exhaustive sweep measures every configuration that tune tries, in full, without dropping any. Both throughputs are those of the
sweep, so the searches are judged by figures that none of them chose. A search has at most a third of the sweep's time.

Sweeps and searches are kept in the folder that `--state` names, and not repeated. `--stop-after` ends the command in time, and the
same command goes on where it was: a sweep is resumed, and a search that was cut off begins again, since its time counts.

    python benchmarks/tune.py [--models cnn,bert_small] [--backends onnx,torch] [--runs 10] [--threads 2]
        [--state runs/tune] [--stop-after 9m] [--short] [--save]

`--short` takes ten minutes on two cores: ten searches among the configurations of ONNX Runtime for `mlp`.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from infer_compare import api
from infer_compare.phases.recipe import winner
from infer_compare.plugins import Plugins
from infer_compare.preparation.configurations import MEASURING_S, TRYING_S, tuned
from infer_compare.request.options import RunOptions
from infer_compare.request.units import parse_duration
from infer_compare.verdicts.summary import summarise
from trials import report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.results import Run

MODELS = ("cnn", "bert_small")
GOOD = 0.97
"""Of the best throughput: what a search should reach."""
MOST_OF_THEM = 0.9
"""Of all searches: how many should reach it."""
SHARE = 1 / 3
"""Of the sweep's time: what a search may take."""
LEAST_S = 25.0
"""Of a search: less is not what anybody gives."""
ENOUGH_S = 86400.0
HEADER = (
    "| model | configurations | sweep | search | reached | median share | worst |",
    "|---|---|---|---|---|---|---|",
)


class Truth(msgspec.Struct, frozen=True):
    """What the exhaustive sweep of a model found."""

    throughput: dict[str, dict[int, float]]
    """By contender and batch size."""
    seconds: float
    number: int
    """Of configurations."""

    @property
    def best(self) -> float:
        """The highest throughput of all."""
        return max(rate for sizes in self.throughput.values() for rate in sizes.values())

    def of(self, contender: str, batch: int) -> float:
        """Return the throughput of a configuration: at the size that was chosen, or at the nearest that the sweep has."""
        sizes = self.throughput.get(contender, {})
        return sizes[min(sizes, key=lambda size: abs(size - batch))] if sizes else 0.0

    @property
    def budget(self) -> float:
        """Seconds of a search. Reading the model and starting processes take their time, however little there is to measure."""
        return max(SHARE * self.seconds, LEAST_S, self.number * TRYING_S + MEASURING_S)


class Search(msgspec.Struct, frozen=True):
    """What one search chose, and its seconds from start to end."""

    contender: str | None
    batch: int
    seconds: float

    def share(self, truth: Truth) -> float:
        """Return its throughput over the best; 0 where nothing was chosen."""
        return 0.0 if self.contender is None else truth.of(self.contender, self.batch) / truth.best


def row(model: str, truth: Truth, searches: Sequence[Search]) -> str:
    """Return the line of a model."""
    shares, seconds = [search.share(truth) for search in searches], [search.seconds for search in searches]
    return (
        f"| {model} | {truth.number} | {truth.seconds:.0f} s | {median(seconds):.0f} s ({max(seconds) / truth.seconds:.2f}) "
        f"| {sum(share >= GOOD for share in shares)} of {len(shares)} | {median(shares):.3f} | {min(shares):.3f} |"
    )


def verdict(searched: Sequence[tuple[Truth, Sequence[Search]]]) -> str:
    """Return whether the searches of all models together reach what they should, as a sentence."""
    found = [
        (search.share(truth), search.seconds / truth.seconds) for truth, searches in searched for search in searches
    ]
    reached = sum(share >= GOOD for share, _ in found)
    slow = sum(took > SHARE for _, took in found)
    passed = reached >= MOST_OF_THEM * len(found) and not slow
    return (
        f"{'passed' if passed else 'failed'}: {reached} of {len(found)} searches reached {GOOD:.0%} of the best, and "
        f"{len(found) - slow} of {len(found)} took at most a third of the sweep's time"
    )


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the table, a line for each model, and what comes of it."""
    if arguments.short:
        arguments.models, arguments.backends = "mlp", "onnx"
    if arguments.stop_after:
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, parse_duration(arguments.stop_after))
    searched: list[tuple[Truth, list[Search]]] = []
    yield from HEADER
    for model in arguments.models.split(","):
        asked = RunOptions(
            model=model,
            backends=tuple(arguments.backends.split(",")) if arguments.backends else None,
            threads=arguments.threads,
            budget=ENOUGH_S,
        )
        name = f"{model}-{arguments.backends or 'all'}-{arguments.threads or 'all'}"
        searches: list[Search] = []
        try:
            truth = exhaustive(asked, arguments.state / f"{name}-sweep")
            searches = list(stored(arguments.state / f"{name}-searches.jsonl", arguments.runs))
            for seed in range(len(searches), arguments.runs):
                searches.append(search(msgspec.structs.replace(asked, budget=truth.budget, seed=seed)))
                keep(arguments.state / f"{name}-searches.jsonl", searches[-1])
                share, took = searches[-1].share(truth), searches[-1].seconds
                tell(f"{model}: search {seed + 1} of {arguments.runs}: {share:.3f} of the best in {took:.0f} s")
        except KeyboardInterrupt:
            tell(f"{model}: stopped after {len(searches)} of {arguments.runs} searches; the same command goes on")
            if not searches:
                return
        searched.append((truth, searches))
        yield row(model, truth, searches)
        if len(searches) < arguments.runs:
            return
    yield ""
    yield verdict(searched)


def exhaustive(asked: RunOptions, folder: Path) -> Truth:
    """Return what a sweep over every configuration finds: the one in a folder, which is resumed where it was interrupted."""
    plugins = Plugins.discover()
    options = msgspec.structs.replace(tuned(asked, plugins), race=False, budget=None)
    if (folder / "run.jsonl").exists() and not can_go_on(api.load_run(folder)):
        tell(f"{asked.model}: the sweep was killed, or measured nothing, so its time says nothing; it begins again")
        shutil.rmtree(folder)
    if not (folder / "run.jsonl").exists():
        tell(f"{asked.model}: sweep over {len(options.contenders or ())} configurations")
        folder.parent.mkdir(parents=True, exist_ok=True)
        return truth_of(api.sweep(options, folder, plugins=plugins))
    return truth_of(api.resume(folder, plugins=plugins))


def can_go_on(run: Run) -> bool:
    """Return whether the time of a sweep is that of measuring, as far as it went."""
    return run.closing is not None and bool(run.rounds)


def truth_of(run: Run) -> Truth:
    """Return what a sweep found.

    Raises:
        SystemExit: it did not end, as on a busy machine.
    """
    throughput: dict[str, dict[int, float]] = {}
    for figures in summarise(run).figures:
        throughput.setdefault(figures.contender, {})[figures.point.batch] = figures.throughput
    ended(run)
    assert run.closing is not None
    return Truth(throughput, run.closing.elapsed_s, len(run.header.contenders))


def ended(run: Run) -> None:
    """Refuse a run that was stopped: what it found, and how long it took, is no answer of the tool.

    Raises:
        SystemExit: it was.
    """
    if run.closing is None or run.closing.state != "complete":
        reason = run.closing.reason if run.closing is not None else "it did not end"
        raise SystemExit(f"{run.header.options.model}: stopped: {reason}; the same command goes on")


def search(asked: RunOptions) -> Search:
    """Return what one search chooses.

    Raises:
        SystemExit: it was stopped, as on a busy machine.
    """
    plugins = Plugins.discover()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as folder:
        run = api.sweep(tuned(asked, plugins), Path(folder) / "run", plugins=plugins)
        seconds = time.monotonic() - began
    ended(run)
    won = winner(run)
    contender, batch = (None, 0) if won is None else (won[0], won[1].batch)
    return Search(contender, batch, seconds)


def stored(file: Path, most: int) -> Iterator[Search]:
    """Yield the searches that earlier commands made, the first ones up to a number."""
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines()[:most]:
            yield msgspec.json.decode(line, type=Search)


def keep(file: Path, found: Search) -> None:
    """Add a search to those that are kept."""
    with file.open("a", encoding="utf-8") as kept:
        kept.write(msgspec.json.encode(found).decode() + "\n")


def tell(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What following the answer of tune costs.")
    options.add_argument("--models", default=",".join(MODELS))
    options.add_argument("--backends", help="those that take part; all that are installed by default")
    options.add_argument("--runs", type=int, default=10, help="searches for each model")
    options.add_argument("--threads", type=int)
    options.add_argument("--state", type=Path, default=Path("runs/tune"), help="where sweeps and searches are kept")
    options.add_argument("--stop-after", help="such as 9m; the same command goes on where it was")
    options.add_argument("--short", action="store_true", help="ten searches for a small model: ten minutes")
    report("tune", lines, options)
