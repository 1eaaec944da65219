"""The records of a run file, in the order in which they can appear.

A run file is a log: `header`, then `start`, `probe`, `limit`, `agreement`, `round`, `death` and `note` in any order,
then `closing`. A run that was resumed continues after its `closing`, and has another. A
point is a fold over records (see `infer_compare.results.run`) and is never stored.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Duration, Nanoseconds, Number, Quantity, Seconds, Size
from infer_compare.interfaces.values import OperatingPoint, Provenance, TensorSpec
from infer_compare.request.options import Mode, RunOptions, Scope
from infer_compare.results.agreement import Agreement
from infer_compare.results.environment import Environment, WorkerEnvironment
from infer_compare.results.outcomes import AnyOutcome, Phase
from infer_compare.results.record import Record
from infer_compare.results.rounds import Round

RUN_SCHEMA = "infer-compare/run"
RUN_VERSION = (2, 0)
"""Major and minor: a reader refuses another major and ignores unknown fields of a newer minor. Since 2.0 the header has the
options as they were asked for."""

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
    kind: ModelKind = "other"
    """What most of its work is."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides how it is run, decided: what a report tells of the options, and what follows from them."""

    batch_sizes: tuple[Size, ...] | None
    """None for `auto`: exploring decides."""
    scope: Scope
    threads: Number
    seed: int
    mode: Mode = "default"
    restarts: Count
    rounds_per_restart: Count
    budget_s: Quantity | None = None
    timeout_s: Quantity
    max_memory: Bytes
    """Cap of one worker's resident memory, in bytes."""
    max_memory_given: bool = False
    max_device_memory: Bytes | None = None
    """What a framework's own allocator may take of an accelerator's memory, in bytes; None for all of it."""
    backstop: bool = False
    """Whether the kernel refuses a worker on the CPU memory beyond the cap (RLIMIT_DATA), beside the watchdog."""
    find_limit: bool = False
    latency_bound_ns: Duration | None = None
    percentile: Annotated[float, msgspec.Meta(gt=0, lt=100)] = 95.0
    inputs: tuple[str, ...] = ()
    """`--input` specifications as they were typed."""
    rtol: Quantity | None = None
    trust: bool = False
    """Whether model files were let run code of their own."""
    convert: bool = True
    """Whether models could be converted."""
    layouts: dict[str, str] = {}
    """Layout of four-dimensional inputs, by backend, where it has a model of its own."""
    input_map: tuple[str, ...] = ()
    """`--input-map` specifications as they were typed."""
    output_map: tuple[str, ...] = ()
    """`--output` specifications as they were typed."""
    data: str | None = None
    """The data set that inputs were taken from, as it was typed."""
    data_rows: Number | None = None
    """How many samples it has."""
    data_sha256: str | None = None
    margin: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.03
    """Relative difference below which two contenders count as the same."""
    budget_excess: Quantity | None = None
    """Processor time beyond that of the thread budget, relative to it, above which a point has no figures; None where that was
    not checked: in runs of older versions, and in passes over a data set, whose loader works beside the model."""
    expected_s: Seconds | None = None
    """How long the run was expected to take."""

    @property
    def points(self) -> tuple[OperatingPoint, ...] | None:
        """The operating points that were asked for, ascending; None where exploring decides."""
        return None if self.batch_sizes is None else tuple(map(OperatingPoint, self.batch_sizes))

    def calls(self, point: OperatingPoint) -> int:
        """Return the calls of the model in one iteration: the batches of a pass in the `dataset` scope, one in the others."""
        return -(-self.data_rows // point.batch) if self.scope == "dataset" and self.data_rows else 1


class Header(Record, frozen=True, kw_only=True, tag="header"):
    """The first line: what was asked for, and where."""

    schema: str = RUN_SCHEMA
    version: tuple[int, int] = RUN_VERSION
    run_id: str
    created: str
    """UTC, ISO 8601."""
    command: tuple[str, ...]
    options: RunOptions
    """What was asked for; the plan is what came of it."""
    model: ModelInfo
    contenders: tuple[ContenderSpec, ...]
    plan: Plan
    environment: Environment


class Start(Record, frozen=True, kw_only=True, tag="start"):
    """A worker that was started, with what its start-up cost and what is effective in it."""

    contender: str
    restart: Count
    """0 while exploring."""
    pid: Count
    framework_version: str
    plugin_version: str = ""
    provenance: Provenance
    chain: tuple[str, ...] = ()
    """How the model reached the backend, such as `onnx -> torch (imported)`."""
    device: str
    asynchronous: bool = False
    """Whether the device works on its own, so that `run` may return before the work is done."""
    effective: dict[str, str]
    beside: Count = 0
    """Other workers that were started at the same time, at most. While exploring each had a core to itself."""
    spawn_ns: Nanoseconds
    """Until the process answered."""
    import_ns: Nanoseconds
    """Importing the framework."""
    load_ns: Nanoseconds
    to_device_ns: Nanoseconds
    resident: Bytes | None = None
    """Resident memory with the model loaded and nothing run."""
    environment: WorkerEnvironment | None = None
    """What it ran in; None in runs of before this was recorded."""


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


AnyRecord = Header | Start | Probe | Limit | Agreement | Round | Death | Unusable | Note | Closing
