"""The answers for all latency bounds, as data for the script of the page, which only looks them up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from infer_compare.report.phrases import milliseconds
from infer_compare.report.price import SECONDS
from infer_compare.report.words import shell_line
from infer_compare.stats.wording import ratio, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.report.bound_steps import BoundStep, BoundSteps
    from infer_compare.report.sections.blocks import WhatIf


def what_if_data(block: WhatIf, places: Mapping[str, int]) -> dict[str, Any]:
    """Return the data of the sliders of one answer.

    Args:
        block: the answers.
        places: the index of each contender on the page, by label.
    """
    answer, price = block.answer.answer, block.price
    bound = answer.bound
    return {
        "charts": block.charts,
        "percentile": f"{bound.percentile if bound is not None else 95:g}",
        "bound": bound.bound_ns if bound is not None else None,
        "price": price.per_second * SECONDS["h"] if price is not None else None,
        "currency": price.currency if price is not None else "",
        "headline": block.free_headline,
        "standing": block.free_standing,
        "commands": {places[label]: shell_line(words) for label, words in block.commands.items() if words},
        "bests": [
            {
                "c": places[best.contender],
                "size": str(best.point.batch),
                "batch": best.point.batch,
                "text": significant(best.figures.throughput),
                "y": best.figures.throughput,
                "ms": milliseconds(best.figures.latency_p95_ns),
            }
            for best in answer.by_contender
        ],
        "at": {f"{step.percentile:g}": _at(step, places) for step in block.steps},
    }


def _at(steps: BoundSteps, places: Mapping[str, int]) -> dict[str, Any]:
    return {
        "contenders": [places[label] for label in steps.contenders],
        "points": [
            {
                "c": places[point.contender],
                "batch": point.point.batch,
                "size": str(point.point.batch),
                "y": point.throughput,
                "text": significant(point.throughput),
                "latency": point.latency_ns,
                "ms": milliseconds(point.latency_ns),
                "from": point.bound_ns,
            }
            for point in steps.points
        ],
        "steps": list(_changes([_step(steps, step) for step in steps.steps])),
    }


def _step(steps: BoundSteps, step: BoundStep) -> dict[str, Any]:
    return {
        "from": step.from_ns,
        "before": step.before,
        "after": step.after,
        "standing": _standing(step),
        "best": list(step.best),
        "largest": list(step.largest),
        "behind": _behind(steps, step),
    }


def _changes(steps: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the first step, then the changes of each further step against the previous one; changes of lists by index."""
    yield steps[0]
    for before, step in pairwise(steps):
        changed = {key: value for key, value in step.items() if value != before[key]}
        yield {
            key: {place: rate for place, rate in enumerate(value) if rate != before[key][place]}
            if isinstance(value, list)
            else value
            for key, value in changed.items()
        }


def _standing(step: BoundStep) -> str:
    if all(place is None for place in step.best):
        return "none"
    return "estimate" if step.estimate else "shown"


def _behind(steps: BoundSteps, step: BoundStep) -> list[str]:
    """Return how far the best point of each contender is behind the best of all."""
    rates = [None if place is None else steps.points[place].throughput for place in step.best]
    most = max((rate for rate in rates if rate is not None), default=0.0)
    return ["" if rate is None or rate >= most else f"{ratio(most / rate)}x" for rate in rates]
