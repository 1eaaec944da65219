"""What following `infer-compare tune` costs: throughput of the configuration that it chose over the best of an exhaustive sweep.

The exhaustive sweep measures every configuration that tune tries, in full, without dropping any. The configurations that searches
chose and the three that were fastest in the sweep are then measured against each other in one run, in turns: the highest of many
figures of a sweep is too high, and was taken at another time than those of the others. The best of this final counts as the best. A
search has at most a third of the sweep's time.

Sweeps, searches and finals are kept in the folder that `--state` names, and not repeated. `--stop-after` ends the command in time, and the
same command goes on where it was: a sweep is resumed, and a search that was cut off begins again, since its time counts.

    python benchmarks/tune.py [--models cnn,bert_small] [--backends onnx,torch] [--runs 10] [--threads 2]
        [--state runs/tune] [--stop-after 9m] [--short] [--save]

`--short` takes a quarter of an hour on two cores: ten searches among the configurations of ONNX Runtime for `mlp`.
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
from typing import TYPE_CHECKING, NamedTuple

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
FINALISTS = 3
"""Of the sweep; those that searches chose are more."""
ENOUGH_S = 86400.0
HEADER = (
    "| model | configurations | sweep | search | reached | median share | worst |",
    "|---|---|---|---|---|---|---|",
)

Choice = tuple[str, int]
"""A configuration by its label, and a batch size."""


class Figures(msgspec.Struct, frozen=True):
    """What a run measured."""

    throughput: dict[str, dict[int, float]]
    """By contender and batch size."""
    seconds: float
    number: int
    """Of configurations."""

    @property
    def best(self) -> float:
        """The highest throughput of all."""
        return max(rate for sizes in self.throughput.values() for rate in sizes.values())

    def fastest(self, number: int) -> list[Choice]:
        """Return the fastest configurations, each at its best batch size."""
        best = {contender: max(sizes, key=sizes.__getitem__) for contender, sizes in self.throughput.items() if sizes}
        order = sorted(best, key=lambda contender: -self.throughput[contender][best[contender]])
        return [(contender, best[contender]) for contender in order[:number]]

    def of(self, contender: str, batch: int) -> float:
        """Return the throughput of a configuration at the size that was chosen; 0 where it was not measured."""
        return self.throughput.get(contender, {}).get(batch, 0.0)

    @property
    def budget(self) -> float:
        """Seconds of a search, of a sweep that took so long. Reading the model and starting processes take their time."""
        return max(SHARE * self.seconds, LEAST_S, self.number * TRYING_S + MEASURING_S)


class Search(msgspec.Struct, frozen=True):
    """What one search chose, and its seconds from start to end."""

    contender: str | None
    batch: int
    seconds: float

    @property
    def choice(self) -> Choice | None:
        """The configuration and the batch size; None where nothing was chosen."""
        return None if self.contender is None else (self.contender, self.batch)

    def share(self, final: Figures) -> float:
        """Return its throughput over the best; 0 where nothing was chosen."""
        return 0.0 if self.choice is None else final.of(*self.choice) / final.best


class Judged(NamedTuple):
    """A model with its sweep, its searches and the final."""

    model: str
    sweep: Figures
    searches: Sequence[Search]
    final: Figures

    @property
    def shares(self) -> list[float]:
        """Of the best throughput, of each search."""
        return [search.share(self.final) for search in self.searches]

    @property
    def times(self) -> list[float]:
        """Of the sweep's time, of each search."""
        return [search.seconds / self.sweep.seconds for search in self.searches]


def row(judged: Judged) -> str:
    """Return the line of a model."""
    model, sweep, searches, _ = judged
    return (
        f"| {model} | {sweep.number} | {sweep.seconds:.0f} s | {median(search.seconds for search in searches):.0f} s "
        f"({max(judged.times):.2f}) | {sum(share >= GOOD for share in judged.shares)} of {len(searches)} "
        f"| {median(judged.shares):.3f} | {min(judged.shares):.3f} |"
    )


def verdict(models: Sequence[Judged]) -> str:
    """Return whether the searches of all models together reach what they should, as a sentence."""
    shares = [share for judged in models for share in judged.shares]
    reached = sum(share >= GOOD for share in shares)
    slow = sum(share > SHARE for judged in models for share in judged.times)
    passed = reached >= MOST_OF_THEM * len(shares) and not slow
    return (
        f"{'passed' if passed else 'failed'}: {reached} of {len(shares)} searches reached {GOOD:.0%} of the best, and "
        f"{len(shares) - slow} of {len(shares)} took at most a third of the sweep's time"
    )


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the table, a line for each model, and what comes of it."""
    if arguments.short:
        arguments.models, arguments.backends = "mlp", "onnx"
    if arguments.stop_after:
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, parse_duration(arguments.stop_after))
    models: list[Judged] = []
    yield from HEADER
    for model in arguments.models.split(","):
        asked = RunOptions(
            model=model,
            backends=tuple(arguments.backends.split(",")) if arguments.backends else None,
            threads=arguments.threads,
            budget=ENOUGH_S,
        )
        name = f"{model}-{arguments.backends or 'all'}-{arguments.threads or 'all'}"
        file = arguments.state / f"{name}-searches.jsonl"
        try:
            sweep = exhaustive(asked, arguments.state / f"{name}-sweep")
            searches = list(stored(file, arguments.runs))
            for seed in range(len(searches), arguments.runs):
                searches.append(search(msgspec.structs.replace(asked, budget=sweep.budget, seed=seed)))
                keep(file, searches[-1])
                tell(
                    f"{model}: search {seed + 1} of {arguments.runs}: {searches[-1].choice} in {searches[-1].seconds:.0f} s"
                )
            chosen = [search.choice for search in searches if search.choice is not None]
            final = decided(
                asked, list(dict.fromkeys([*chosen, *sweep.fastest(FINALISTS)])), arguments.state / f"{name}-final"
            )
        except KeyboardInterrupt:
            tell(f"{model}: stopped; the same command goes on")
            return
        models.append(Judged(model, sweep, searches, final))
        yield row(models[-1])
    yield ""
    yield verdict(models)


def decided(asked: RunOptions, finalists: Sequence[Choice], folder: Path) -> Figures:
    """Return the throughput of configurations that are measured against each other, in a default run.

    Args:
        asked: as for the sweep.
        finalists: configurations and their batch sizes.
        folder: of the run, which is kept as long as it has these finalists.
    """
    plugins = Plugins.discover()
    every = tuned(asked, plugins)
    labels = {contender for contender, _ in finalists}
    options = msgspec.structs.replace(
        every,
        contenders=tuple(
            request for request in every.contenders or () if str(request.label or request.backend) in labels
        ),
        batch_sizes=tuple(sorted({batch for _, batch in finalists})),
        race=False,
        budget=None,
        mode="default",
    )
    if (folder / "run.jsonl").exists():
        if api.load_run(folder).header.options == options:
            return figures_of(api.resume(folder, plugins=plugins))
        shutil.rmtree(folder)
    tell(
        f"{asked.model}: final of {len(options.contenders or ())} configurations at {len(options.batch_sizes or ())} sizes"
    )
    return figures_of(api.sweep(options, folder, plugins=plugins))


def exhaustive(asked: RunOptions, folder: Path) -> Figures:
    """Return what a sweep over every configuration finds: the one in a folder, which is resumed where it was interrupted."""
    plugins = Plugins.discover()
    options = msgspec.structs.replace(tuned(asked, plugins), race=False, budget=None)
    if (folder / "run.jsonl").exists() and not can_go_on(api.load_run(folder)):
        tell(f"{asked.model}: the sweep was killed, or measured nothing, so its time says nothing; it begins again")
        shutil.rmtree(folder)
    if not (folder / "run.jsonl").exists():
        tell(f"{asked.model}: sweep over {len(options.contenders or ())} configurations")
        folder.parent.mkdir(parents=True, exist_ok=True)
        return figures_of(api.sweep(options, folder, plugins=plugins))
    return figures_of(api.resume(folder, plugins=plugins))


def can_go_on(run: Run) -> bool:
    """Return whether the time of a sweep is that of measuring, as far as it went."""
    return run.closing is not None and bool(run.rounds)


def figures_of(run: Run) -> Figures:
    """Return what a run measured.

    Raises:
        SystemExit: it did not end, as on a busy machine.
    """
    throughput: dict[str, dict[int, float]] = {}
    for figures in summarise(run).figures:
        throughput.setdefault(figures.contender, {})[figures.point.batch] = figures.throughput
    ended(run)
    assert run.closing is not None
    return Figures(throughput, run.closing.elapsed_s, len(run.header.contenders))


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
    options.add_argument("--short", action="store_true", help="ten searches for a small model: a quarter of an hour")
    report("tune", lines, options)
