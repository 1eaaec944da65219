"""The context that all phases of a run share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from infer_compare.environment import gate, peak
from infer_compare.environment.conditions import observe
from infer_compare.environment.core_speed import CoreSpeed
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
from infer_compare.verdicts.protocol import GATE_CORE_SLOWDOWN
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
    """The world outside of a run: workers, clock and machine. Tests replace its parts."""

    launch: Launcher = LocalProcess
    gate: Gate = field(default_factory=lambda: gate.rejection)
    """Decides whether a slice counts."""
    look: Callable[[int], Diagnostics | None] = look
    """Watches the machine while no worker runs."""
    observe: Callable[[], Conditions] = observe
    """Returns the conditions of the machine before a run begins."""
    cores: Callable[[], Sequence[Core]] = cores
    """Returns the physical cores that may be used."""
    peak: Callable[[int], Peak | None] = field(default_factory=lambda: peak.measure)
    """Measures the peak performance of the machine for a number of threads."""
    now: Callable[[], float] = time.monotonic
    """Returns monotonic seconds."""
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """The plan, journal, observer and surroundings that all phases of a run share."""

    resolved: Resolved
    """The plan, with everything that running it needs."""
    journal: Journal
    """Stores records; phases skip what it already contains."""
    observer: Observer
    """Notified of progress."""
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
        """Return the context of a run that begins or resumes now.

        Args:
            resolved: the plan.
            journal: stores records.
            observer: notified of progress.
            scratch: a folder for inputs and outputs.
            surroundings: workers, clock and machine; the real ones by default.
            quiet: waits for other programs to end.
            began: monotonic seconds from which the budget counts; now by default.
        """
        surroundings = surroundings or Surroundings()
        options = resolved.header.options
        return cls(
            resolved=resolved,
            journal=journal,
            observer=observer,
            scratch=scratch,
            # A resumed run gets another order than the interrupted one, but always the same.
            order=Order(options.seed + (len(journal.run.rounds) if journal.begun else 0)),
            deadline=None if options.budget is None else (began or surroundings.now()) + options.budget,
            surroundings=surroundings,
            quiet=quiet or QuietWait.of(resolved.header, surroundings, observer),
        )

    @property
    def header(self) -> Header:
        """The header of the run."""
        return self.resolved.header

    @property
    def options(self) -> RunOptions:
        """The options of the run."""
        return self.header.options

    @property
    def plan(self) -> Plan:
        """The plan of the run."""
        return self.header.plan

    @property
    def routes(self) -> Mapping[str, Route]:
        """The contenders that can be started, by label."""
        return self.resolved.routes

    @property
    def settings(self) -> WorkerSettings:
        """The settings of all workers."""
        return self.resolved.settings

    @property
    def run(self) -> Run:
        """The run so far."""
        return self.journal.run

    @cached_property
    def pool(self) -> InputPool:
        """The input rows, written on first use.

        Raises:
            InputError: there is no room for the requested batches.
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
            settings: of the worker; by default those of the run.
        """
        settings = settings or self.settings
        spec, launch = route.contender.spec, self.surroundings.launch
        if spec.instances == 1:
            client = launch(spec.python, max_memory=settings.max_memory)
            return ContenderWorker(route, settings, self.pool, client, self.patience)
        # All instances together share the memory limit of one worker.
        clients = [launch(spec.python, max_memory=settings.max_memory // spec.instances) for _ in range(spec.instances)]
        placement = self.placement(spec)
        processors = () if placement is None else placement.processors
        group = WorkerGroup(clients, processors, now=self.surroundings.now)
        return ContenderWorker(route, settings, self.pool, group, self.patience, processors)

    def placement(self, spec: ContenderSpec) -> Placement | None:
        """Return the cores to which the instances of a contender are bound; None if they run anywhere."""
        if spec.instances == 1 or not spec.on_host:
            return None
        return placement(self.surroundings.cores(), spec.instances, self.header.threads_of(spec.label))

    def outputs(self, label: str) -> Outputs:
        """Return the outputs that a contender's worker writes."""
        if label not in self._outputs:
            # Named by a number, as labels may contain any characters.
            folder = self.scratch / "outputs" / str(list(self.routes).index(label))
            order, specs = self.routes[label].wiring.outputs, self.resolved.header.model.outputs
            self._outputs[label] = Outputs(folder, order, specs)
        return self._outputs[label]

    @cached_property
    def race(self) -> Race | None:
        """Drops contenders, if the run is a race; else None."""
        return Race(self) if self.options.race and self.deadline is not None else None

    @cached_property
    def metering(self) -> Metering | None:
        """Measures additional metrics around slices; None if there are none."""
        metrics = self.resolved.metrics
        return Metering(metrics, self.tell, self.surroundings.now) if metrics else None

    @cached_property
    def core_speed(self) -> CoreSpeed:
        """Recognizes slices whose core another virtual machine slowed down."""
        return CoreSpeed(GATE_CORE_SLOWDOWN)

    @cached_property
    def patience(self) -> Patience:
        """Waits for servers that are not reached."""
        return Patience(self.surroundings.sleep, self.observer.note, self.is_over)

    @cached_property
    def answered(self) -> Mapping[tuple[str, OperatingPoint], AnyOutcome]:
        """Outcomes of exploring before this run was resumed, by contender and point, without those that are tried again."""
        return answered(self.run) if self.journal.resumed else {}

    @cached_property
    def is_compared(self) -> bool:
        """Whether the outputs of all contenders were compared before this run was resumed: later records exist."""
        run = self.run
        return bool(run.agreements and (run.rounds or run.limits) and not unreached(run))

    def tell(self, topic: str, text: str) -> None:
        """Store a note for the reader of the report, once, and show it now."""
        self.journal.tell(self.observer, topic, text)

    def is_over(self, cost_s: float) -> bool:
        """Return whether a step of `cost_s` seconds would exceed the budget."""
        return self.deadline is not None and self.surroundings.now() + cost_s > self.deadline
