"""The phases of a run, one after the other."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from infer_compare.engine.agree import ORACLE_BATCHES, Outputs, agree, ask_oracle
from infer_compare.engine.explore import Explorer, peaks
from infer_compare.engine.measure import BudgetSpent, HostBusy, Measurement
from infer_compare.engine.pool import InputPool
from infer_compare.environment import memory
from infer_compare.errors import InferCompareError, StoreError
from infer_compare.planner import Exploration, Order
from infer_compare.results import Closing, Note, Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Literal

    from infer_compare.engine.events import Observer
    from infer_compare.engine.journal import Journal
    from infer_compare.engine.resolve import Resolved
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome

TOGETHER = 0.7
"""Contenders are alive together only while their peaks sum to less than this share of the memory there is."""


class Sweep:
    """Runs a resolved plan and stores what happens."""

    def __init__(self, resolved: Resolved, journal: Journal, observer: Observer, scratch: Path) -> None:
        """Starts nothing yet.

        Args:
            resolved: the plan.
            journal: where records go; its header is the first of them.
            observer: hears what happens.
            scratch: a folder for inputs and outputs, removed at the end.
        """
        self._resolved = resolved
        self._journal = journal
        self._observer = observer
        self._scratch = scratch
        self._plan = resolved.header.plan
        self._order = Order(self._plan.seed)
        self._began = time.monotonic()

    def run(self) -> Run:
        """Every phase that is left; the run as it then stands.

        Raises:
            KeyboardInterrupt: after the records were closed and every worker was ended.
            StoreError: a record could not be stored; the workers have been ended.
        """
        try:
            state, reason = self._phases()
        except KeyboardInterrupt:
            self._close("interrupted", "interrupted from the keyboard or by a signal")
            raise
        except StoreError:
            raise
        except InferCompareError as error:
            self._close("stopped", str(error))
            raise
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)
        return self._close(state, reason)

    def _close(self, state: Literal["complete", "interrupted", "stopped"], reason: str) -> Run:
        elapsed_s = round(time.monotonic() - self._began, 3)
        self._journal.add(Closing(state=state, reason=reason, elapsed_s=elapsed_s))
        run = self._journal.run
        self._observer.finished(run)
        return run

    def _phases(self) -> tuple[Literal["complete", "stopped"], str]:
        self._observer.resolved(self._resolved.header)
        for unusable in self._resolved.unusable:
            self._journal.add(unusable)
            self._observer.note(unusable.contender, f"{unusable.contender} is skipped: {unusable.outcome.reason}")  # type: ignore[union-attr]
        sizes = self._plan.batch_sizes
        pool = InputPool(
            self._resolved.inputs, self._plan.seed, self._scratch, max(sizes) if sizes is not None else None
        )
        points = self._explore(pool)
        if not points:
            return "complete", ""
        self._agree(points, pool)
        run = self._journal.run
        ranked = {label: found for label, found in points.items() if run.differs(label) is None and found}
        return self._measure(ranked, pool)

    def _known(self, label: str, point: OperatingPoint) -> AnyOutcome | None:
        for probe in self._journal.run.probes:
            if probe.phase == "explore" and probe.contender == label and probe.point == point:
                return probe.outcome
        return None

    def _explore(self, pool: InputPool) -> dict[str, tuple[OperatingPoint, ...]]:
        """The operating points that each contender can run."""
        points: dict[str, tuple[OperatingPoint, ...]] = {}
        for label, route in self._resolved.routes.items():
            explorer = Explorer(route, self._resolved.terms, pool, self._journal, self._observer, self._outputs(label))
            exploration = Exploration(self._plan.batch_sizes)
            if explorer.run(exploration, lambda point, label=label: self._known(label, point)):  # type: ignore[misc]
                points[label] = exploration.runnable
        return points

    def _outputs(self, label: str) -> Path:
        # Labels are the user's words; a folder is named by a number.
        index = list(self._resolved.routes).index(label) if label in self._resolved.routes else "oracle"
        return self._scratch / "outputs" / str(index)

    def _agree(self, points: Mapping[str, Sequence[OperatingPoint]], pool: InputPool) -> None:
        routes = self._resolved.routes
        native = [label for label in points if routes[label].model.provenance == "native" and points[label]]
        judge = next(iter(native), next(iter(points)))
        oracle = None
        if not native and self._resolved.oracle is not None:
            oracle = ask_oracle(
                self._resolved.oracle,
                self._resolved.terms,
                pool,
                self._outputs("reference"),
                ORACLE_BATCHES,
                self._observer,
            )
        outputs = {label: Outputs(self._outputs(label)) for label in points}
        for one in agree(self._journal.run, points, outputs, judge=judge, oracle=oracle):
            self._journal.add(one)
            if one.verdict == "differs":
                self._observer.note(
                    "agreement",
                    f"{one.contender} differs from {one.reference} at {one.point}: {one.reason}; it is not ranked",
                )

    def _measure(
        self, points: Mapping[str, tuple[OperatingPoint, ...]], pool: InputPool
    ) -> tuple[Literal["complete", "stopped"], str]:
        deadline = self._began + self._plan.budget_s if self._plan.budget_s is not None else None
        measurement = Measurement(
            routes=self._resolved.routes,
            points=points,
            terms=self._resolved.terms,
            plan=self._plan,
            pool=pool,
            journal=self._journal,
            observer=self._observer,
            order=self._order,
            deadline=deadline,
        )
        pending = sorted({point for found in points.values() for point in found})
        groups = self._groups(list(points))
        try:
            for restart in range(1, self._plan.restarts + 1):
                self._observer.measuring(restart, self._plan.restarts, len(pending))
                for group in groups:
                    measurement.restart(restart, group, pending, first=restart == 1)
        except HostBusy as busy:
            self._note("machine", str(busy))
            return "stopped", str(busy)
        except BudgetSpent as spent:
            self._note("budget", str(spent))
        return "complete", ""

    def _groups(self, labels: Sequence[str]) -> list[tuple[str, ...]]:
        """Contenders that may be alive together: first fit, by the peaks that exploring saw."""
        needs = peaks(self._journal.run.probes)
        room = TOGETHER * memory.available()
        groups: list[list[str]] = []
        for label in labels:
            for group in groups:
                if sum(needs.get(one, 0) for one in (*group, label)) <= room:
                    group.append(label)
                    break
            else:
                groups.append([label])
        if len(groups) > 1:
            parts = "; ".join(", ".join(group) for group in groups)
            self._note("memory", f"the contenders do not fit into memory together and are measured apart: {parts}")
        return [tuple(group) for group in groups]

    def _note(self, topic: str, text: str) -> None:
        self._journal.add(Note(topic=topic, text=text))
        self._observer.note(topic, text)
