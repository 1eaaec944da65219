"""What following the recommendation costs: throughput at the recommended batch size over the best of all sizes.

The truth is that of processes which run one size alone, as whoever follows the recommendation does. A size is measured
in four processes, two for each half: the size that one half finds best is held against the recommended one by the
figures of the other half, and the other way round, since the highest of many noisy figures is too high. Sizes that are
far behind in the first process are measured in no other.

    python benchmarks/regret.py [--models cnn,mlp] [--runs 10] [--state runs/regret.jsonl] [--save]

What was measured is kept in the file that `--state` names, and not measured again: a command that was cut off goes on
where it was, and several commands with parts of the models or fewer runs add up to the whole table.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import alone

from infer_compare.verdicts.summary import summarise
from trials import report, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CONTENDERS = ("torch", "onnx")
MODELS = ("mlp", "cnn", "lstm", "resnet18", "bert_small", "mobilenet_v2")
GOOD = 0.97
PROCESSES = 4
"""In which a size is measured alone; they belong to the two halves of the truth by turns."""
FAR = 0.1
"""A size that is so much slower than the best in the first process cannot be the best."""


@dataclass(frozen=True, slots=True)
class State:
    """What was measured so far, a line each."""

    path: Path
    settings: str
    """The options that figures depend on."""

    def read(self, model: str, kind: str) -> list[Any]:
        """Return what is known of a model."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        entries = [json.loads(line) for line in lines]
        return [value for settings, *key, value in entries if settings == self.settings and key == [model, kind]]

    def add(self, model: str, kind: str, value: object) -> None:
        """Keep something."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([self.settings, model, kind, value]) + "\n")


def recommended(model: str, runs: int, threads: int, mode: str, state: State) -> dict[int, dict[str, int]]:
    """The recommended size of each contender, by seed; a run that a busy machine stopped has none."""
    known: dict[int, dict[str, int]] = dict(state.read(model, "run"))
    for seed in sorted(set(range(runs)) - known.keys()):
        tell(f"{model}: run {seed + 1} of {runs}")
        run = sweep(CONTENDERS, model=model, threads=threads, mode=mode, seed=seed)
        picks = {best.contender: best.point.batch for best in summarise(run).answer.by_contender}
        if len(picks) == len(CONTENDERS):
            state.add(model, "run", [seed, picks])
            known[seed] = picks
    return {seed: picks for seed, picks in sorted(known.items()) if seed < runs}


def truth(
    label: str, picks: set[int], powers: int, known: dict[tuple[int, int], float], one: Callable[[int, int], float]
) -> list[dict[int, float]]:
    """Both halves: throughput by size.

    Args:
        label: the contender.
        picks: sizes that were recommended.
        powers: how many powers of two are measured.
        known: throughput by size and number of the process.
        one: measures a size in a process of a given number.
    """

    def rate(size: int, process: int) -> float:
        if (size, process) not in known:
            tell(f"{label} alone at {size}, process {process + 1}")
            known[size, process] = one(size, process)
        return known[size, process]

    sizes = sorted({2**power for power in range(powers)} | picks)
    first = {size: rate(size, 0) for size in sizes}
    near = [size for size in sizes if size in picks or first[size] > (1 - FAR) * max(first.values())]
    rates = {size: [first[size]] for size in near}
    for process in range(1, PROCESSES):
        for size in near:
            rates[size].append(rate(size, process))
    return [{size: fmean(found[half::2]) for size, found in rates.items()} for half in range(2)]


def truths(model: str, picks: dict[str, set[int]], powers: int, threads: int, state: State) -> dict[str, Any]:
    """Both halves of each contender."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as name:
        folder = Path(name)
        alone.write(model, max(2 ** (powers - 1), *(size for sizes in picks.values() for size in sizes)), folder)
        for label in CONTENDERS:
            entries = state.read(model, f"alone {label}")
            known = {(size, process): rate for size, process, rate in entries}

            def one(size: int, process: int, label: str = label) -> float:
                rate = alone.throughput(label, folder, size, threads)
                if rate is None:
                    raise SystemExit(
                        f"{label} at {size}: other programs keep the machine busy; repeat the command later"
                    )
                state.add(model, f"alone {label}", [size, process, rate])
                return rate

            found[label] = truth(label, picks[label], powers, known, one)
    return found


def best_of(curve: dict[int, float]) -> int:
    """The size with the highest throughput."""
    return max(curve, key=curve.__getitem__)


def share_of(pick: int, halves: Sequence[dict[int, float]]) -> float:
    """The throughput at a size over that at the best one, which the other half chooses."""
    return fmean(other[pick] / other[best_of(chooser)] for chooser, other in (halves, halves[::-1]))


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    threads, runs, mode = arguments.threads, arguments.runs, arguments.mode
    state = State(arguments.state, f"{threads} threads, {mode}")
    yield f"{threads} threads, {runs} runs a model in {mode} mode; regret = 1 - share"
    yield f"{'model':14} {'contender':10} {'best sizes':>10} {'recommended':>24} {'least share':>11} {'good':>8}"
    good: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for model in arguments.models.split(","):
        made = recommended(model, runs, threads, mode, state)
        if not made:
            yield f"{model:14} nothing was measured: the machine was busy"
            continue
        picks = {label: {found[label] for found in made.values()} for label in CONTENDERS}
        for label, halves in truths(model, picks, arguments.powers, threads, state).items():
            shares = {seed: share_of(found[label], halves) for seed, found in made.items()}
            for seed, share in shares.items():
                good[model, seed].append(share >= GOOD)
            counts = Counter(found[label] for found in made.values())
            told = ", ".join(f"{times}x {size}" for size, times in sorted(counts.items()))
            yield (
                f"{model:14} {label:10} {','.join(str(best_of(half)) for half in halves):>10} {told:>24} "
                f"{min(shares.values()):11.3f} {sum(share >= GOOD for share in shares.values()):3} of {len(shares):2}"
            )
    each = [found for run in good.values() for found in run]
    both = sum(map(all, good.values()))
    yield f"{GOOD} or more: {sum(each)} of {len(each)} recommendations, both of a run in {both} of {len(good)} runs"


def tell(text: str) -> None:
    """Say what is going on, beside the table."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What following the recommendation costs.")
    options.add_argument("--models", default=",".join(MODELS))
    options.add_argument("--runs", type=int, default=10, help="of each model")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--powers", type=int, default=7, help="how many powers of two are measured alone")
    options.add_argument("--mode", choices=["quick", "default"], default="quick")
    options.add_argument("--state", type=Path, default=Path("runs/regret.jsonl"), help="file of what was measured")
    report("regret", lines, options)
