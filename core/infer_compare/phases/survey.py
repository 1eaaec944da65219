"""What runs: every contender at every batch size, and the sizes that are added to compare them."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from infer_compare.environment import memory
from infer_compare.phases.ahead import begin_ahead
from infer_compare.phases.explore import Explorer, peaks
from infer_compare.planner import Exploration
from infer_compare.planner.duration import Expectation
from infer_compare.planner.explore import LARGEST_AUTO
from infer_compare.planner.patience import has_time_for
from infer_compare.planner.refine import around_best, around_bound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext
    from infer_compare.phases.outputs import Outputs
    from infer_compare.results import AnyOutcome

WAITING = 0.1
"""A worker that has explored waits for sizes that other contenders bring up, unless it holds more than this share of the memory there is:
the next contender's limit must not depend on it."""


class Survey:
    """Explores the contenders, one after the other."""

    def __init__(self, context: RunContext, outputs: Callable[[str], Outputs], *, compare: bool) -> None:
        """Starts nothing yet.

        Args:
            context: of the run.
            outputs: what a contender's worker writes of what it computed.
            compare: whether outputs are still to be compared.
        """
        self._context = context
        self._plan = context.plan
        self._outputs = outputs
        self._compare = compare
        self.disturbed: dict[str, bool] = {}
        """Whether other programs made a contender's worker wait, by label."""

    def run(self) -> dict[str, tuple[OperatingPoint, ...]]:
        """The operating points that each contender can run, by label."""
        lost = {one.contender for one in self._context.run.unusable}
        explorations: dict[str, Exploration] = {}
        explorers: dict[str, Explorer] = {}
        plan, most = self._plan, self._context.pool.most
        if plan.batch_sizes is None and most < LARGEST_AUTO:
            text = f"batch sizes above {most} are not tried: there is no room for their inputs; -o names another disk"
            self._context.tell("inputs", text)
        largest = min(most, plan.data_rows or most) if plan.scope == "dataset" else most
        with ExitStack() as stack:
            turns: dict[str, tuple[Explorer, Exploration]] = {}
            for label, route in self._context.routes.items():
                if label in lost:
                    continue
                explorer = Explorer(self._context, route, self._outputs(label))
                stack.enter_context(explorer.prober.worker)
                exploration = Exploration(
                    plan.batch_sizes, bound_ns=plan.latency_bound_ns, mode=plan.mode, largest=largest
                )
                turns[label] = explorer, exploration
            self._begin_ahead(turns)
            for label, (explorer, exploration) in turns.items():
                if explorer.run(exploration, partial(self._known, label), compare=self._compare):
                    explorations[label], explorers[label] = exploration, explorer
                used = peaks(self._context.run).get(label, 0)
                if plan.batch_sizes is not None or used > memory.limit().share(WAITING):
                    explorer.close()
            if plan.batch_sizes is None:
                self._complete(explorations, explorers)
        self.disturbed = {label: explorers[label].disturbed for label in explorations}
        points = {label: exploration.runnable for label, exploration in explorations.items()}
        # What was known already was not run again, and so has not made the pool as long as it must be.
        self._context.pool.grow(max((point.batch for found in points.values() for point in found), default=1))
        return points

    def _begin_ahead(self, turns: Mapping[str, tuple[Explorer, Exploration]]) -> None:
        """Starts the workers that will be needed, on the processor: a framework may take a device when it is imported."""
        routes = self._context.routes
        if any(routes[label].contender.spec.device != "cpu" for label in turns):
            return
        begin_ahead(
            [
                explorer.prober
                for label, (explorer, exploration) in turns.items()
                if explorer.needs_worker(exploration, partial(self._known, label), compare=self._compare)
            ]
        )

    def _complete(self, explorations: Mapping[str, Exploration], explorers: Mapping[str, Explorer]) -> None:
        """Brings curves to one length, so that every size can be compared, and adds sizes where they decide most."""
        curves = {label: exploration.latencies_ns for label, exploration in explorations.items()}
        further = {size for latencies in curves.values() for size in latencies}
        if self._plan.latency_bound_ns is not None:
            for latencies in curves.values():
                further.update(around_bound(latencies, self._plan.latency_bound_ns))
        if self._plan.mode != "quick":
            further |= self._around_best(curves, further)
        further = {size for size in further if size <= self._context.pool.most}
        for label, exploration in explorations.items():
            if not exploration.runnable:
                continue
            exploration.complete(further)
            if exploration.next() is not None:
                explorers[label].run(exploration, partial(self._known, label), compare=self._compare)
            explorers[label].close()

    def _around_best(self, curves: Mapping[str, Mapping[int, float]], others: set[int]) -> set[int]:
        """The sizes beside each contender's best one; none where measuring them too would take long."""
        between = {size for latencies in curves.values() for size in around_best(latencies)} - others
        if not between or has_time_for(others | between, Expectation.of(self._context.run), curves, self._plan):
            return between
        sizes = ", ".join(map(str, sorted(between)))
        self._context.tell(
            "plan",
            f"the sizes beside the best ones ({sizes}) would take long here and are left out; name sizes with "
            "--batch-sizes, or give more time with --budget or --thorough",
        )
        return set()

    def _known(self, label: str, point: OperatingPoint) -> AnyOutcome | None:
        return self._context.run.explored.get((label, point))
