"""What the protocol can see on a quiet machine: a planted slowdown, two frameworks, and that two same ones are the same.

With `--quick`, what quick runs see: 20 of a planted slowdown of 10 %, and 40 of the same backend twice, in none of which a
difference may be claimed. Exits with 1 where an aim is missed.

    python benchmarks/power.py [--backend onnx] [--quick] [--save]
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NamedTuple

from trials import report, same, slowed, trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trials import Trial


class Aim(NamedTuple):
    """How many of the trials of a row give a verdict."""

    what: str
    contenders: tuple[str, str]
    trials: int
    verdict: str
    least: int
    most: int | None = None

    @property
    def words(self) -> str:
        """Such as `>= 18`."""
        return f"{self.most}" if self.most == self.least else f">= {self.least}"

    def met(self, trials: list[Trial]) -> bool:
        """Whether that many of them did."""
        found = self.found(trials)
        return found >= self.least and (self.most is None or found <= self.most)

    def found(self, trials: list[Trial]) -> int:
        """How many did; `different` is either direction."""
        words = {"faster", "slower"} if self.verdict == "different" else {self.verdict}
        return sum(one.word in words for one in trials)


missed: list[str] = []
"""Aims that were not met."""


def aims(backend: str, *, quick: bool) -> Iterator[Aim]:
    """The rows."""
    planted = Aim("10 % slowdown planted", (f"{backend}:label=plain", slowed(backend, 0.1)), 20, "faster", 18)
    yield planted
    yield planted._replace(verdict="slower", least=0, most=0)
    if not quick:
        yield Aim("onnx against torch", ("onnx", "torch"), 10, "faster", 9)
    twice = Aim("the same twice", same(backend), 40 if quick else 20, "different", 0, 0)
    yield twice
    yield twice._replace(verdict="same", least=32 if quick else 12)._replace(most=None)


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    mode = "quick" if arguments.quick else "default"
    yield f"cnn, batch 8, 1 thread, {mode} mode, seed of each run its number; {arguments.backend}"
    yield f"{'comparison':24} {'verdict':10} {'found':>9} {'wanted':>7} {'median ratio':>12} {'scatter':>8} {'rejected':>9}"
    known: dict[tuple[str, str], list[Trial]] = {}
    for aim in aims(arguments.backend, quick=arguments.quick):
        if aim.contenders not in known:
            known[aim.contenders] = [
                trial(aim.contenders, threads=1, seed=number, mode=mode) for number in range(aim.trials)
            ]
        trials = known[aim.contenders]
        rejected = sum(one.rejected for one in trials) / len(trials)
        compared = [one.comparison for one in trials if one.comparison]
        ratio = _middle([one.ratio for one in compared], "{:.3f}")
        scatter = _middle([100 * one.scatter for one in compared if one.scatter is not None], "{:.1f} %")
        found = f"{aim.found(trials)} of {len(trials)}"
        yield f"{aim.what:24} {aim.verdict:10} {found:>9} {aim.words:>7} {ratio:>12} {scatter:>8} {rejected:9.0%}"
        if not aim.met(trials):
            missed.append(f"{aim.what}, {aim.verdict}: {found}, wanted {aim.words}")
    yield f"aims: {'; '.join(['missed', *missed]) if missed else 'met'}"


def _middle(values: list[float], form: str) -> str:
    return form.format(sorted(values)[len(values) // 2]) if values else "-"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What the protocol can see on a quiet machine.")
    options.add_argument("--backend", default="onnx")
    options.add_argument("--quick", action="store_true", help="quick runs in place of the default mode")
    report("power_quick" if "--quick" in sys.argv else "power", lines, options)
    sys.exit(1 if missed else 0)
