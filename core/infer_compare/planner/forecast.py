"""Forecasts of how long a run will take: rough before exploring, and closer if a stored run is repeated.

Before exploring, start-up times of frameworks and durations of calls are unknown. The rough bounds assume usual start-up
times, and a model whose calls take milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from infer_compare.planner.duration import SLICE_S, SWITCH_S, WARM_UP_S, Expectation
from infer_compare.planner.slow_models import affordable, may_be_shortened, measuring_limit_s, shortest
from infer_compare.request.options import declared
from infer_compare.results import Measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Header, Run

START_S = (0.4, 3.0)
"""Seconds to start a worker with its framework and the model: at best, and usually at most."""
AUTO_SIZES = (4, 10)
"""Number of batch sizes that `auto` finds: at least, and usually at most."""
EXPLORE_S = (0.1, 0.6)
"""Seconds to explore a batch size of a contender and compare its outputs."""
SLOW = 2.0
"""Factor by which larger batches and rejected rounds prolong measuring."""
OTHER_WORKERS = (4, 6)
"""Workers of a contender besides those of the restarts: for exploring, comparing outputs, confirming up to three sizes, and the evaluator."""
EARLY_RESTARTS = 2
"""Restarts after which clear differences are settled."""
MINUTES_S = 120.0
"""Longer durations are given in minutes."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The range in which the duration of a run is expected, in seconds."""

    low_s: float
    high_s: float
    why: str
    """The basis of the figures, as the end of the sentence."""

    def __str__(self) -> str:
        """Return a text such as `about 20 to 60 s with --quick; refined after exploring`."""
        return f"about {_span(self.low_s, self.high_s)}{self.why}"


def forecast(header: Header, contenders: int) -> Forecast:
    """Return a forecast for a run before anything has run.

    Args:
        header: of the planned run.
        contenders: how many can be started.
    """
    options, plan = header.options, header.plan
    if options.budget is not None:
        why = ", the budget" + ("; the search for the limit is part of it" if options.find_limit else "")
        return Forecast(options.budget, options.budget, why)
    settings = len(options.settings)
    sizes = (AUTO_SIZES[0] * settings, AUTO_SIZES[1] * settings) if header.points is None else (len(header.points),) * 2
    turn_s = WARM_UP_S + plan.rounds_per_restart * 2 * (SLICE_S + SWITCH_S)
    low_points, high_points = (contenders * number for number in sizes)
    early = min(EARLY_RESTARTS, plan.restarts)
    low = low_points * (early * turn_s + EXPLORE_S[0]) + contenders * START_S[0] * (OTHER_WORKERS[0] + early)
    high_start_s = START_S[1] * _starts(header)
    measuring = high_points * SLOW * plan.restarts * turn_s + contenders * high_start_s * plan.restarts
    if may_be_shortened(header):
        measuring = min(measuring, measuring_limit_s(options))
    high = measuring + high_points * EXPLORE_S[1] + contenders * high_start_s * OTHER_WORKERS[1]
    mode = "in the default mode" if options.mode == "default" else f"with --{options.mode}"
    limit = ", and the search for the limit on top" if options.find_limit else ""
    return Forecast(min(low, high), high, f" {mode} where a call takes milliseconds{limit}; refined after exploring")


def forecast_again(run: Run, header: Header, labels: Sequence[str]) -> Forecast:
    """Return a forecast for a run from a stored run of the same model.

    Args:
        run: the stored run.
        header: of the planned run.
        labels: the contenders that can be started.
    """
    options, plan, then = header.options, header.plan, run.header.plan
    # These two fields depend on the state of the machine, and do not affect the duration.
    same = msgspec.structs.replace(plan, max_memory=then.max_memory, expected_s=then.expected_s) == then
    same = same and _timed(header) == _timed(run.header)
    same = same and set(labels) == set(run.labels) - {record.contender for record in run.unusable}
    if options.budget is None and same and run.closing is not None and run.closing.state == "complete":
        took = run.closing.elapsed_s
        return Forecast(took, took, ", as in that run")
    if options.budget is not None or options.find_limit:
        return forecast(header, len(labels))
    points = _points(run, header, labels)
    if points is None:
        return forecast(header, len(labels))
    known = affordable(Expectation.of(run), points, header)
    rounds = plan.rounds_per_restart
    restart_s = known.restart_s(points, rounds)
    confirm_s = known.confirm_s(points, options.mode)
    before = sum(2 * known.start_s.get(label, 0.0) for label in points)
    before += sum(known.warm_up_s(label, point) for label, sizes in points.items() for point in sizes)
    low = before + min(EARLY_RESTARTS, plan.restarts) * restart_s
    high = before + plan.restarts * restart_s + confirm_s
    if may_be_shortened(header):
        # Measuring will be shortened, but not below the smallest plan.
        least = known.plan_s(points, *shortest(options), options.mode)
        high = min(high, before + max(measuring_limit_s(options), least))
    return Forecast(min(low, high), high, ", estimated from that run")


def _starts(header: Header) -> float:
    """Return the mean number of starts per contender: instances start in parallel, one per core."""
    cores = header.environment.usable_cores
    rows = [math.ceil(spec.instances / cores) for spec in header.contenders]
    return sum(rows) / max(1, len(rows))


def _timed(header: Header) -> dict[str, object]:
    """Return the options of a run, without those that only affect how the result is shown."""
    asked = header.repeated
    return {name: getattr(asked, name) for name, option in declared().items() if not option.option.afterwards}


def _points(run: Run, header: Header, labels: Sequence[str]) -> dict[str, list[OperatingPoint]] | None:
    """Return the operating points of each contender; None if the stored run did not try a requested one."""
    if header.options.scope != run.header.options.scope:
        return None
    asked = header.points
    explored = run.explored
    points: dict[str, list[OperatingPoint]] = {}
    for label in labels:
        tried = {point for name, point in explored if name == label}
        if not tried or not tried.issuperset(asked or ()):
            return None
        points[label] = [
            point
            for (name, point), outcome in explored.items()
            if name == label and isinstance(outcome, Measured) and (asked is None or point in asked)
        ]
    return points


def _span(low_s: float, high_s: float) -> str:
    unit, word = (60.0, "min") if high_s >= MINUTES_S else (1.0, "s")
    low, high = (_rounded(seconds / unit) for seconds in (low_s, high_s))
    return f"{high} {word}" if low == high else f"{low} to {high} {word}"


def _rounded(value: float) -> str:
    """Return a number with two significant digits: a forecast is no more precise."""
    if value <= 0:
        return "0"
    digits = 1 - math.floor(math.log10(value))
    number = round(value, digits)
    return f"{number:.{max(0, digits)}f}" if value < 1 else f"{number:.3g}"
