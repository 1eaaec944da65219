"""The names of contenders in sentences, with the settings or output errors in which they differ from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.wording import count
from infer_compare.verdicts import deviations
from infer_compare.verdicts.setups import setup_of, unequal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from infer_compare.results import Run
    from infer_compare.verdicts import Answer, PairVerdict, Summary
    from infer_compare.verdicts.setups import Setup, Trait


class Names:
    """The names of the contenders of a run, without repeating what the label already says."""

    def __init__(self, run: Run, summary: Summary) -> None:
        """Look up the settings of each contender.

        Args:
            run: the run.
            summary: the summary of the run.
        """
        out = {exclusion.contender for exclusion in summary.excluded}
        self._run = run
        self._setups = {label: setup_of(run, label) for label in run.labels}
        self._ranked = unequal(setup for label, setup in self._setups.items() if label not in out)
        self._marks = {label: f" (output error {error.relative:.2g})" for label, error in deviations(run).items()}

    def alone(self, label: str) -> str:
        """Return the name of a single contender: with its server, its precision if ranked contenders differ in it, and its threads
        and instances if they are not the default.
        """
        setup = self._setups[label]
        usual = setup.instances == 1 and setup.threads == self._run.header.plan.threads
        traits = [trait for trait in self._ranked if trait == "precision" or not usual]
        return self._name(label, ["server", *traits])

    def in_pair(self, pair: PairVerdict) -> PairVerdict:
        """Return a verdict whose names include the settings in which both sides differ."""
        traits = unequal((self._setups[pair.a.label], self._setups[pair.b.label]))
        replace = msgspec.structs.replace
        return replace(
            pair,
            a=replace(pair.a, name=self._name(pair.a.label, traits)),
            b=replace(pair.b, name=self._name(pair.b.label, traits)),
        )

    def in_pairs(self, pairs: Iterable[PairVerdict]) -> tuple[PairVerdict, ...]:
        """Return all verdicts with such names."""
        return tuple(map(self.in_pair, pairs))

    def in_answer(self, answer: Answer) -> Answer:
        """Return an answer whose contenders have such names."""
        replace = msgspec.structs.replace
        bests = tuple(replace(best, name=self.alone(best.contender)) for best in answer.by_contender)
        bound = answer.bound
        if bound is not None:
            checks = {check: replace(check, name=self.alone(check.contender)) for check in bound.checks}
            bound = replace(
                bound,
                checks=tuple(checks.values()),
                best=None if bound.best is None else checks[bound.best],
                largest=tuple(checks[check] for check in bound.largest),
            )
        return replace(
            answer,
            recommended=bests[0] if answer.recommended is not None else None,
            by_contender=bests,
            headline=self.in_pairs(answer.headline),
            variants=self.in_pairs(answer.variants),
            bound=bound,
            kept=tuple(
                replace(best, points=tuple(replace(point, name=self.alone(point.contender)) for point in best.points))
                for best in answer.kept
            ),
        )

    def _name(self, label: str, traits: Collection[Trait]) -> str:
        name = self._run.name(label)
        return f"{name}{_setup_words(label, self._setups[label], traits)}{self._marks.get(label, '')}"


def _setup_words(label: str, setup: Setup, traits: Collection[Trait]) -> str:
    said = {key for key in ("threads", "precision", "instances") if f"{key}=" in label}
    if setup.precision != setup.asked_precision:
        said -= {"precision"}
    words = ""
    if "server" in traits and setup.server and setup.server not in label:
        words += f" on {setup.server}"
    if "precision" in traits and "precision" not in said and setup.precision is not None:
        words += f" in {setup.precision}"
    if "instances" in traits and "instances" not in said:
        instances = count(setup.instances, "instance")
        words += f" with {instances}" if "threads" in said else f" with {instances} of {count(setup.threads, 'thread')}"
    elif "threads" in traits and "threads" not in said:
        words += f" with {count(setup.threads, 'thread')}"
    return words
