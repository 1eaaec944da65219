"""What sentences call a contender beside others that compute with something else, or whose outputs deviate less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.wording import count
from infer_compare.verdicts.setups import setup_of, unequal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from infer_compare.results import Run
    from infer_compare.verdicts import Answer, PairVerdict, Summary
    from infer_compare.verdicts.setups import Setup, Trait


def names_of(run: Run, summary: Summary) -> dict[str, str]:
    """Return a name for each ranked contender: with its precision, threads and instances where these are unequal.

    What the label itself says is not repeated.

    Args:
        run: the run.
        summary: what was derived from it.
    """
    out = {one.contender for one in summary.excluded}
    setups = {label: setup_of(run, label) for label in run.labels if label not in out}
    differing = unequal(setups.values())
    return {label: f"{run.name(label)}{_setup_words(label, setup, differing)}" for label, setup in setups.items()}


def with_names(answer: Answer, names: Mapping[str, str]) -> Answer:
    """Return an answer whose sentences call the contenders so."""
    replace = msgspec.structs.replace
    bests = tuple(replace(best, name=names.get(best.contender, best.name)) for best in answer.by_contender)
    bound = answer.bound
    if bound is not None:
        checks = {check: replace(check, name=names.get(check.contender, check.name)) for check in bound.checks}
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
        headline=named_pairs(answer.headline, names),
        bound=bound,
        kept=tuple(
            replace(
                one, points=tuple(replace(point, name=names.get(point.contender, point.name)) for point in one.points)
            )
            for one in answer.kept
        ),
    )


def named_pairs(pairs: Iterable[PairVerdict], names: Mapping[str, str]) -> tuple[PairVerdict, ...]:
    """Return verdicts whose sentences call the contenders so."""
    replace = msgspec.structs.replace
    return tuple(
        replace(
            pair,
            a=replace(pair.a, name=names.get(pair.a.label, pair.a.name)),
            b=replace(pair.b, name=names.get(pair.b.label, pair.b.name)),
        )
        for pair in pairs
    )


def _setup_words(label: str, setup: Setup, differing: Collection[Trait]) -> str:
    said = {key for key in ("threads", "precision", "instances") if f"{key}=" in label}
    if setup.precision != setup.asked_precision:
        said -= {"precision"}
    words = ""
    if "precision" in differing and "precision" not in said and setup.precision is not None:
        words += f" in {setup.precision}"
    if "instances" in differing and "instances" not in said:
        own = count(setup.instances, "instance")
        words += f" with {own}" if "threads" in said else f" with {own} of {count(setup.threads, 'thread')}"
    elif "threads" in differing and "threads" not in said:
        words += f" with {count(setup.threads, 'thread')}"
    return words
