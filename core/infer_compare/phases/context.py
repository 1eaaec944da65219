"""What every phase of a run is given."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from infer_compare.environment import gate, peak
from infer_compare.environment.conditions import observe
from infer_compare.environment.placement import placement
from infer_compare.environment.topology import cores
from infer_compare.phases.busy import look
from infer_compare.phases.contender_worker import ContenderWorker
from infer_compare.phases.metering import Metering
from infer_compare.phases.outputs import Outputs
from infer_compare.phases.patience import Patience
from infer_compare.phases.quiet import QuietWait
from infer_compare.phases.race import Race
from infer_compare.planner import Order
from infer_compare.planner.resuming import answered
from infer_compare.preparation.pool import InputPool
from infer_compare.results.unreached import unreached
from infer_compare.worker.client import LocalProcess, WorkerGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from infer_compare.environment.conditions import Conditions
    from infer_compare.environment.peak import Peak
    from infer_compare.environment.placement import Placement
    from infer_compare.environment.topology import Core
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.busy import Gate
    from infer_compare.phases.events import Observer
    from infer_compare.phases.journal import Journal
    from infer_compare.preparation.resolved import Resolved
    from infer_compare.preparation.route import Route
    from infer_compare.request.options import RunOptions
    from infer_compare.results import AnyOutcome, ContenderSpec, Header, Plan, Run
    from infer_compare.results.slices import Diagnostics
    from infer_compare.worker.client import Launcher
    from infer_compare.worker.settings import WorkerSettings


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a run meets outside of itself; tests bring their own workers, time and neighbours."""

    launch: Launcher = LocalProcess
    gate: Gate = field(default_factory=lambda: gate.rejection)
    """Why a slice does not count."""
    look: Callable[[int], Diagnostics | None] = look
    """Watches the machine while no worker runs."""
    observe: Callable[[], Conditions] = observe
    """Returns what else runs on the machine before a run begins."""
    cores: Callable[[], Sequence[Core]] = cores
    """Returns the physical cores that may be used."""
    peak: Callable[[int], Peak | None] = field(default_factory=lambda: peak.measure)
    """Measures what the machine can do at most, for a number of threads."""
    now: Callable[[], float] = time.monotonic
    """Monotonic seconds."""
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What every phase of a run is given."""

    resolved: Resolved
    """The plan, with all that running it needs."""
    journal: Journal
    """Where records go; what it has already is not made again."""
    observer: Observer
    """Hears what happens."""
    scratch: Path
    """A folder for inputs and outputs."""
    order: Order
    """Draws random orders."""
    deadline: float | None
    """Monotonic seconds at which the budget is spent; None without one."""
    surroundings: Surroundings
    quiet: QuietWait
    """Waits for other programs to end."""
    _outputs: dict[str, Outputs] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        resolved: Resolved,
        journal: Journal,
        observer: Observer,
        scratch: Path,
        surroundings: Surroundings | None = None,
        quiet: QuietWait | None = None,
        began: float | None = None,
    ) -> RunContext:
        """Return what the phases of a run are given that begins, or goes on, now.

        Args:
            resolved: the plan.
            journal: where records go.
            observer: hears what happens.
            scratch: a folder for inputs and outputs.
            surroundings: what the run meets.
            quiet: waits for other programs to end.
            began: monotonic seconds from which the budget of a race counts; now by default.
        """
        surroundings = surroundings or Surroundings()
        options = resolved.header.options
        return cls(
            resolved=resolved,
            journal=journal,
            observer=observer,
            scratch=scratch,
            # Another order than the one that was cut off, and the same each time.
            order=Order(options.seed + (len(journal.run.rounds) if journal.begun else 0)),
            deadline=None if options.budget is None else (began or surroundings.now()) + options.budget,
            surroundings=surroundings,
            quiet=quiet or QuietWait.of(resolved.header, surroundings, observer),
        )

    @property
    def header(self) -> Header:
        """What was asked for, and where."""
        return self.resolved.header

    @property
    def options(self) -> RunOptions:
        """What was asked for."""
        return self.header.options

    @property
    def plan(self) -> Plan:
        """What was left open, decided."""
        return self.header.plan

    @property
    def routes(self) -> Mapping[str, Route]:
        """The contenders that can be started, by label."""
        return self.resolved.routes

    @property
    def settings(self) -> WorkerSettings:
        """What every worker is started with."""
        return self.resolved.settings

    @property
    def run(self) -> Run:
        """The run as it stands."""
        return self.journal.run

    @cached_property
    def pool(self) -> InputPool:
        """The rows of input, written when they are first needed.

        Raises:
            InputError: there is no room for the batches that are asked for.
        """
        options, plan = self.options, self.plan
        return InputPool(
            self.resolved.inputs,
            options.seed,
            self.scratch,
            plan.batch_sizes,
            cap=plan.max_memory,
            setting=options.settings[0],
        )

    def worker(self, route: Route, settings: WorkerSettings | None = None) -> ContenderWorker:
        """Return a worker for a contender, not started yet.

        Args:
            route: the contender, and its model.
            settings: what its workers are started with, where those of the run do not serve.
        """
        settings = settings or self.settings
        spec, launch = route.contender.spec, self.surroundings.launch
        if spec.instances == 1:
            client = launch(spec.python, max_memory=settings.max_memory)
            return ContenderWorker(route, settings, self.pool, client, self.patience)
        # All instances together may hold what one worker may.
        clients = [launch(spec.python, max_memory=settings.max_memory // spec.instances) for _ in range(spec.instances)]
        placement = self.placement(spec)
        processors = () if placement is None else placement.processors
        group = WorkerGroup(clients, processors, now=self.surroundings.now)
        return ContenderWorker(route, settings, self.pool, group, self.patience, processors)

    def placement(self, spec: ContenderSpec) -> Placement | None:
        """Return the cores that the instances of a contender keep to; None where they run anywhere."""
        if spec.instances == 1 or not spec.on_host:
            return None
        return placement(self.surroundings.cores(), spec.instances, self.header.threads_of(spec.label))

    def outputs(self, label: str) -> Outputs:
        """Return what a contender's worker writes of what it computed."""
        if label not in self._outputs:
            # Labels are the user's words; a folder is named by a number.
            folder = self.scratch / "outputs" / str(list(self.routes).index(label))
            order, specs = self.routes[label].wiring.outputs, self.resolved.header.model.outputs
            self._outputs[label] = Outputs(folder, order, specs)
        return self._outputs[label]

    @cached_property
    def race(self) -> Race | None:
        """Who drops contenders, where the run is a race."""
        return Race(self) if self.options.race and self.deadline is not None else None

    @cached_property
    def metering(self) -> Metering | None:
        """What is measured around slices besides; None where nothing is."""
        metrics = self.resolved.metrics
        return Metering(metrics, self.tell, self.surroundings.now) if metrics else None

    @cached_property
    def patience(self) -> Patience:
        """Waits for servers that are not reached."""
        return Patience(self.surroundings.sleep, self.observer.note, self.is_over)

    @cached_property
    def answered(self) -> Mapping[tuple[str, OperatingPoint], AnyOutcome]:
        """What exploring found before this run was resumed, by contender and operating point, but for what is tried again."""
        return answered(self.run) if self.journal.resumed else {}

    @cached_property
    def is_compared(self) -> bool:
        """Whether outputs were compared before this run was resumed, of all contenders: what comes after it was stored."""
        run = self.run
        return bool(run.agreements and (run.rounds or run.limits) and not unreached(run))

    def tell(self, topic: str, text: str) -> None:
        """Store a note for the reader of the report, once, and say it now."""
        self.journal.tell(self.observer, topic, text)

    def is_over(self, cost_s: float) -> bool:
        """Return whether what takes so many seconds would end after the budget."""
        return self.deadline is not None and self.surroundings.now() + cost_s > self.deadline
