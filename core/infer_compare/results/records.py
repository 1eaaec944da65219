"""The records of a run file, in the order in which they can appear.

A run file is a log: `header`, then `start`, `probe`, `limit`, `agreement`, `round`, `death`, `dropped`, `recipe` and `note` in any
order, then `closing`. A resumed run continues after its `closing`, and ends with another. Points are never stored, but computed
from the records (see `infer_compare.results.run`).
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
RUN_VERSION = (3, 4)
"""Major and minor: a reader refuses another major and ignores unknown fields of a newer minor. Since 3.0 the plan does not repeat
options; since 3.1 contenders have threads, a precision and instances, and can be dropped; since 3.2 a server can do their work,
which may be unavailable, points can have axes besides the batch, and slices can have metrics; since 3.4 slices have the speed of their
core."""

ModelKind = Literal["convolution", "attention", "recurrent", "other"]


class ContenderSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A contender: a backend with options and a device."""

    label: str
    """Unique within the run."""
    backend: str
    options: dict[str, str] = {}
    device: str = "cpu"
    python: str | None = None
    """Another Python interpreter for its worker, if one was named."""
    file: str | None = None
    """`FILE.py:Class` as it was typed, for a backend without a package."""
    model: str | None = None
    """The separate model of its backend, as it was typed."""
    model_sha256: str | None = None
    route: Provenance | None = None
    """The route by which the model must reach it; None for the cheapest."""
    threads: Number | None = None
    """The thread budget of one instance; None for that of the plan."""
    precision: str | None = None
    """The precision in which it must compute; None for that of its model."""
    instances: Size = 1
    """How many workers run it at the same time."""
    packages: dict[str, str] = {}
    """Versions by distribution of its framework with dependencies, of its plugin and of its converters, as installed for its
    interpreter; empty if it cannot run, and in runs of older versions."""
    remote: bool = False
    """Whether a server does its work; its workers are then clients."""

    @property
    def on_host(self) -> bool:
        """Whether its work is done by the processor of this machine, in its workers."""
        return self.device == "cpu" and not self.remote


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The model of a run."""

    name: str
    source: str
    """The model as it was typed."""
    format: str
    sha256: str
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    parameters: Count | None = None
    flops_per_sample: Annotated[int, msgspec.Meta(ge=0)] | None = None
    precision: str | None = None
    """Of its weights; None if it is not known."""
    kind: ModelKind = "other"
    """The kind of operation that takes most of its work."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions about everything that the options of a run leave open, and facts about its data."""

    batch_sizes: tuple[Size, ...] | None
    """The requested sizes, or the fixed size of the model; None if exploring decides (`auto`)."""
    threads: Number
    """Threads of one instance of a contender that names none: the most that were requested, or the default of the machine."""
    restarts: Count
    rounds_per_restart: Count
    max_memory: Bytes
    """Cap of one worker's resident memory, in bytes."""
    margin: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.03
    """Relative difference below which two contenders count as the same."""
    data_rows: Number | None = None
    """How many samples the data set has; None without a data set."""
    data_sha256: str | None = None
    budget_excess: Quantity | None = None
    """Allowed excess of processor time over the thread budget, relative to it; points beyond it have no figures. None if it was not
    checked: in runs of older versions, and in passes over a data set, whose loader runs beside the model."""
    expected_s: Seconds | None = None
    """How long the run was expected to take."""


class Header(Record, frozen=True, kw_only=True, tag="header"):
    """The first record: the options, plan and environment of the run."""

    schema: str = RUN_SCHEMA
    version: tuple[int, int] = RUN_VERSION
    run_id: str
    created: str
    """UTC, ISO 8601."""
    command: tuple[str, ...]
    options: RunOptions
    """As given by the user; the plan holds what they leave open."""
    model: ModelInfo
    contenders: tuple[ContenderSpec, ...]
    plan: Plan
    metrics: tuple[MetricInfo, ...] = ()
    """Additional metrics measured around slices, in the requested order."""
    environment: Environment

    @property
    def repeated(self) -> RunOptions:
        """The options that repeat the run: with the decisions of its plan filled in, except for the memory cap."""
        options, plan = self.options, self.plan
        named = options.backends is not None or options.contenders is not None
        return msgspec.structs.replace(
            options,
            backends=options.backends
            if named
            else tuple(dict.fromkeys(contender.backend for contender in self.contenders)),
            # Named threads are those of one instance, so they are not filled in if the budget is divided.
            threads=options.threads or (None if self.divides else plan.threads),
            restarts=options.restarts or plan.restarts,
            rounds=options.rounds or plan.rounds_per_restart,
        )

    @property
    def packages(self) -> dict[str, str]:
        """Versions by distribution of everything that the run used from this interpreter."""
        used = {name: text for spec in self.contenders if spec.python is None for name, text in spec.packages.items()}
        return self.environment.packages | used

    @property
    def divides(self) -> bool:
        """Whether there are contenders of several instances."""
        return any(spec.instances > 1 for spec in self.contenders)

    @property
    def points(self) -> tuple[OperatingPoint, ...] | None:
        """The requested operating points, ascending; None if exploring decides on batch sizes."""
        if self.plan.batch_sizes is None:
            return None
        return tuple(
            OperatingPoint(size, setting) for size in self.plan.batch_sizes for setting in self.options.settings
        )

    def threads_of(self, contender: str) -> int:
        """Return the thread budget of one instance of a contender."""
        threads = {spec.label: spec.threads for spec in self.contenders}
        return threads.get(contender) or self.plan.threads

    def budget_of(self, contender: str) -> int:
        """Return the thread budget of all instances of a contender together."""
        instances = {spec.label: spec.instances for spec in self.contenders}
        return instances.get(contender, 1) * self.threads_of(contender)

    @property
    def largest_budget(self) -> int:
        """The largest thread budget of any contender, all its instances together."""
        return max((self.budget_of(spec.label) for spec in self.contenders), default=self.plan.threads)

    def calls(self, point: OperatingPoint) -> int:
        """Return the calls of the model in one iteration: the batches of a pass in the `dataset` scope, else one."""
        rows = self.plan.data_rows
        return -(-rows // point.batch) if self.options.scope == "dataset" and rows else 1


class Probe(Record, frozen=True, kw_only=True, tag="probe"):
    """A trial of one contender at one operating point, without others."""

    phase: Literal["explore", "limit"]
    contender: str
    point: OperatingPoint
    outcome: AnyOutcome
    fresh: bool = False
    """Whether its worker had run nothing before (`limit` only)."""


class Limit(Record, frozen=True, kw_only=True, tag="limit"):
    """The memory limit of one contender, as determined with `--find-limit`."""

    contender: str
    axes: tuple[tuple[str, Size], ...] = ()
    largest_fitting: Size | None
    """The largest batch size that ran three times in a fresh worker; None if not even one sample fits."""
    smallest_failing: Size | None
    """The smallest batch size that failed; None if none did."""
    failure: AnyOutcome | None = None
    """The outcome at the smallest failing size."""
    verified: bool
    """Whether fresh workers confirmed both sizes."""
    swapped: bool = False
    """Whether the largest size ran only by swapping."""
    reason: str = ""
    """Why the search ended before the boundary was known; empty otherwise."""
    probes: Count
    elapsed_s: Seconds


class AxisLimit(Limit, frozen=True, kw_only=True, tag="axis_limit"):
    """The memory limit along another axis, at batch 1 with the remaining axes as in `axes`; its sizes are those of that axis."""

    axis: str


class Predicted(Record, frozen=True, kw_only=True, tag="predicted"):
    """The predicted latency at a point that was not measured because its batch size cannot be the best of its setting."""

    contender: str
    point: OperatingPoint
    latency_ns: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class Death(Record, frozen=True, kw_only=True, tag="death"):
    """The loss of a worker, or a failure of its backend, after successful exploring."""

    contender: str
    restart: Count
    phase: Phase
    point: OperatingPoint | None = None
    outcome: AnyOutcome


class Unusable(Record, frozen=True, kw_only=True, tag="unusable"):
    """A requested contender that cannot take part, and why."""

    contender: str
    outcome: AnyOutcome


class Note(Record, frozen=True, kw_only=True, tag="note"):
    """A remark for the reader of the report: a busy host, an early stop, a shortened restart."""

    topic: str
    text: str


class Closing(Record, frozen=True, kw_only=True, tag="closing"):
    """The last record; a file without it is of a run that was killed or still runs."""

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
