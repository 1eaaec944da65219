"""The records of a run file, in the order in which they can appear.

A run file is a log: `header`, then `start`, `probe`, `limit`, `agreement`, `round`, `death`, `dropped`, `recipe` and `note` in any
order, then `closing`. A run that was resumed continues after its `closing`, and has another. A
point is a fold over records (see `infer_compare.results.run`) and is never stored.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Number, Quantity, Seconds, Size
from infer_compare.interfaces.metrics import MetricInfo
from infer_compare.interfaces.models import Provenance, TensorSpec
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.request.options import RunOptions
from infer_compare.results.agreement import Agreement
from infer_compare.results.environment import Environment
from infer_compare.results.outcomes import AnyOutcome, Phase
from infer_compare.results.record import Record
from infer_compare.results.rounds import Round
from infer_compare.results.starts import Start
from infer_compare.results.tuning import Dropped, Recipe

RUN_SCHEMA = "infer-compare/run"
RUN_VERSION = (3, 3)
"""Major and minor: a reader refuses another major and ignores unknown fields of a newer minor. Since 3.0 the plan has nothing
that the options say; since 3.1 contenders have threads, a precision and instances, and can be dropped; since 3.2 their work
can be done elsewhere, by a server that was not reached, points have other axes than the batch, and slices have metrics."""

ModelKind = Literal["convolution", "attention", "recurrent", "other"]


class ContenderSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A backend with options and a device, as requested."""

    label: str
    """Unique within the run."""
    backend: str
    options: dict[str, str] = {}
    device: str = "cpu"
    python: str | None = None
    """Another interpreter for its worker, where one was named."""
    file: str | None = None
    """`FILE.py:Class` as it was typed, of a backend without a package."""
    model: str | None = None
    """The model that was named for its backend alone, as it was typed."""
    model_sha256: str | None = None
    route: Provenance | None = None
    """How the model has to reach it, where that was said; otherwise the cheapest way is taken."""
    threads: Number | None = None
    """The thread budget of one instance, where it has one of its own."""
    precision: str | None = None
    """What it has to compute in; None for the precision of its model."""
    instances: Size = 1
    """How many workers run it at the same time."""
    packages: dict[str, str] = {}
    """Versions by distribution of its framework, of what that rests on, of its plugin, and of what converts its model, as they
    are installed for its interpreter; empty where it cannot run, and in runs of before this was recorded."""
    remote: bool = False
    """Whether its work is done elsewhere, such as by a server: its workers are clients."""

    @property
    def on_host(self) -> bool:
        """Whether the processor of this machine does its work, in its workers."""
        return self.device == "cpu" and not self.remote


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The model that was asked for."""

    name: str
    source: str
    """What was typed."""
    format: str
    sha256: str
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    parameters: Count | None = None
    flops_per_sample: Annotated[int, msgspec.Meta(ge=0)] | None = None
    precision: str | None = None
    """Of its weights; None where it is not known."""
    kind: ModelKind = "other"
    """What most of its work is."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was left open by what was asked for, decided, and what was found to be there."""

    batch_sizes: tuple[Size, ...] | None
    """Those asked for, or the one size of a model that is fixed; None for `auto`: exploring decides."""
    threads: Number
    """Of one instance of a contender that says nothing itself: the most that were asked for, or those of the machine."""
    restarts: Count
    rounds_per_restart: Count
    max_memory: Bytes
    """Cap of one worker's resident memory, in bytes."""
    margin: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.03
    """Relative difference below which two contenders count as the same."""
    data_rows: Number | None = None
    """How many samples the data set has, where there is one."""
    data_sha256: str | None = None
    budget_excess: Quantity | None = None
    """Processor time beyond that of the thread budget, relative to it, above which a point has no figures; None where that was
    not checked: in runs of older versions, and in passes over a data set, whose loader works beside the model."""
    expected_s: Seconds | None = None
    """How long the run was expected to take."""


class Header(Record, frozen=True, kw_only=True, tag="header"):
    """The first line: what was asked for, and where."""

    schema: str = RUN_SCHEMA
    version: tuple[int, int] = RUN_VERSION
    run_id: str
    created: str
    """UTC, ISO 8601."""
    command: tuple[str, ...]
    options: RunOptions
    """What was asked for; the plan has what was left open."""
    model: ModelInfo
    contenders: tuple[ContenderSpec, ...]
    plan: Plan
    metrics: tuple[MetricInfo, ...] = ()
    """What is measured around slices besides, in the order in which it was asked for."""
    environment: Environment

    @property
    def repeated(self) -> RunOptions:
        """What to ask for to have the run again: what was left open as it was decided, the cap on memory excepted."""
        options, plan = self.options, self.plan
        named = options.backends is not None or options.contenders is not None
        return msgspec.structs.replace(
            options,
            backends=options.backends
            if named
            else tuple(dict.fromkeys(contender.backend for contender in self.contenders)),
            # Threads that are said are those of one instance; where none are said they are divided.
            threads=options.threads or (None if self.divides else plan.threads),
            restarts=options.restarts or plan.restarts,
            rounds=options.rounds or plan.rounds_per_restart,
        )

    @property
    def packages(self) -> dict[str, str]:
        """Versions by distribution of everything that this interpreter brought to the run."""
        own = {name: text for spec in self.contenders if spec.python is None for name, text in spec.packages.items()}
        return self.environment.packages | own

    @property
    def divides(self) -> bool:
        """Whether there are contenders of several instances."""
        return any(spec.instances > 1 for spec in self.contenders)

    @property
    def points(self) -> tuple[OperatingPoint, ...] | None:
        """The operating points that were asked for, ascending; None where exploring decides on batch sizes."""
        if self.plan.batch_sizes is None:
            return None
        return tuple(
            OperatingPoint(size, setting) for size in self.plan.batch_sizes for setting in self.options.settings
        )

    def threads_of(self, contender: str) -> int:
        """Return the thread budget of one instance of a contender."""
        own = {spec.label: spec.threads for spec in self.contenders}
        return own.get(contender) or self.plan.threads

    def budget_of(self, contender: str) -> int:
        """Return the thread budget of all instances of a contender together."""
        instances = {spec.label: spec.instances for spec in self.contenders}
        return instances.get(contender, 1) * self.threads_of(contender)

    @property
    def largest_budget(self) -> int:
        """Threads of the contender that has most, all its instances together."""
        return max((self.budget_of(spec.label) for spec in self.contenders), default=self.plan.threads)

    def calls(self, point: OperatingPoint) -> int:
        """Return the calls of the model in one iteration: the batches of a pass in the `dataset` scope, one in the others."""
        rows = self.plan.data_rows
        return -(-rows // point.batch) if self.options.scope == "dataset" and rows else 1


class Probe(Record, frozen=True, kw_only=True, tag="probe"):
    """One contender tried at one operating point, alone."""

    phase: Literal["explore", "limit"]
    contender: str
    point: OperatingPoint
    outcome: AnyOutcome
    fresh: bool = False
    """Whether its worker had run nothing before (`limit` only)."""


class Limit(Record, frozen=True, kw_only=True, tag="limit"):
    """The memory boundary of one contender, as the search with `--find-limit` found it."""

    contender: str
    axes: tuple[tuple[str, Size], ...] = ()
    largest_fitting: Size | None
    """The largest batch size that ran three times in a fresh worker; None where not even one sample fits."""
    smallest_failing: Size | None
    """The smallest that did not; None where none was found."""
    failure: AnyOutcome | None = None
    """How that one ended."""
    verified: bool
    """Whether fresh workers have said both."""
    swapped: bool = False
    """Whether the largest ran only by swapping."""
    reason: str = ""
    """Why the search ended before it had found a boundary."""
    probes: Count
    elapsed_s: Seconds


class AxisLimit(Limit, frozen=True, kw_only=True, tag="axis_limit"):
    """The same along another axis at batch 1, where the others have the sizes in `axes`: its sizes are those of that axis."""

    axis: str


class Predicted(Record, frozen=True, kw_only=True, tag="predicted"):
    """What a call is predicted to take at a point that was left out, since its batch size cannot be the best one there."""

    contender: str
    point: OperatingPoint
    latency_ns: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class Death(Record, frozen=True, kw_only=True, tag="death"):
    """A worker that was lost, or whose backend failed, after exploring had gone well."""

    contender: str
    restart: Count
    phase: Phase
    point: OperatingPoint | None = None
    outcome: AnyOutcome


class Unusable(Record, frozen=True, kw_only=True, tag="unusable"):
    """A contender that was asked for and cannot take part, and why."""

    contender: str
    outcome: AnyOutcome


class Note(Record, frozen=True, kw_only=True, tag="note"):
    """Something that a reader of the report should know: a busy host, an early stop, a restart that was cut short."""

    topic: str
    text: str


class Closing(Record, frozen=True, kw_only=True, tag="closing"):
    """The last line; without it the run was interrupted."""

    state: Literal["complete", "interrupted", "stopped"]
    reason: str = ""
    elapsed_s: Seconds


AnyRecord = (
    Header
    | Start
    | Probe
    | Limit
    | AxisLimit
    | Agreement
    | Predicted
    | Round
    | Death
    | Unusable
    | Dropped
    | Recipe
    | Note
    | Closing
)
