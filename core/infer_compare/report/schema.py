"""The report document: everything that a report shows, without raw stamps, and the version of its schema.

A figure is in the unit that its name ends in; latencies of `Figures` are in nanoseconds, throughput in samples a
second, sizes in bytes. What is not known is null; NaN and infinity never appear.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint, Provenance
from infer_compare.report.plan import PlanReport
from infer_compare.results import AgreementVerdict, Environment, ForeignProcess, Memory, ModelInfo, Note
from infer_compare.stats.shape import Shape
from infer_compare.verdicts import Answer, BoundCheck, Figures, PairVerdict
from infer_compare.verdicts.flags import Flag
from infer_compare.verdicts.new_shapes import NewShapes
from infer_compare.verdicts.outcome_kinds import OutcomeTag
from infer_compare.verdicts.quality import Quality

REPORT_SCHEMA = "infer-compare/report"
COLLECTION_SCHEMA = "infer-compare/reports"
REPORT_VERSION = (2, 0)
"""Major and minor: a field is removed or changes its meaning with a new major only."""

State = Literal["complete", "stopped", "interrupted"]
TimeUnit = Literal["s", "min", "h", "d"]

Axes = tuple[tuple[str, int], ...]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything in the document; never made itself."""


class StartUp(Part, frozen=True, kw_only=True):
    """What it costs to get a contender going, by the worker that explored: it started with a core to itself."""

    starts: int
    """Workers that were started, those of restarts included, which start side by side and are hurried."""
    spawn_ns: float
    """Until the process answered."""
    import_ns: float
    """Importing the framework."""
    load_ns: float
    to_device_ns: float
    first_call_ns: float | None = None
    """The first call of a worker that had run nothing before: median over the workers that began at `first_call_at`."""
    first_call_at: OperatingPoint | None = None
    """The smallest operating point at which a worker began."""

    @property
    def total_ns(self) -> float:
        """Everything before the first call."""
        return self.spawn_ns + self.import_ns + self.load_ns + self.to_device_ns


class ContenderReport(Part, frozen=True, kw_only=True):
    """A contender as it was asked for, and as it really ran."""

    label: str
    name: str
    """What sentences call it: `torch (imported)` where the model is imported."""
    backend: str
    device: str
    options: dict[str, str]
    python: str | None
    """Another interpreter for its worker, where one was named."""
    framework_version: str | None = None
    """None for this and what follows where no worker got as far as telling."""
    plugin_version: str | None = None
    provenance: Provenance | None = None
    chain: tuple[str, ...] = ()
    """How the model reached the backend."""
    effective: dict[str, str] = {}
    """What really ran: provider, precision, threads, tuning."""
    start_up: StartUp | None = None
    resident_bytes: int | None = None
    """Resident memory with the model loaded and nothing run."""


class PointReport(Part, frozen=True, kw_only=True):
    """A contender at an operating point."""

    contender: str
    point: OperatingPoint
    outcome: OutcomeTag
    reason: str
    """Why there are no figures, as a clause without a subject; empty where there are."""
    figures: Figures | None
    rough_latency_ns: int | None
    """What exploring saw: a few calls, never ranked."""
    first_call_ns: float | None
    """The first call at this point, compilation included, in workers that may have run other sizes before: median."""
    prepare_ns: float | None
    new_shape_ns: float | None = None
    """What a worker that had run other sizes took longer for its first call at this one, preparing included; None where no
    such worker met the size."""
    memory: Memory | None
    """`resident` is the peak around the slices, the median over them; where none tells, what exploring saw, as the others."""
    rejected: float | None
    """Share of the slices that the gate rejected; None where no slice was timed."""
    excess_cores: float | None = None
    """Cores that it kept busy, where that is more than the thread budget allows: it then has no figures."""
    agreement: AgreementVerdict | None
    output_error: float | None
    """The smallest relative tolerance under which its outputs would agree."""
    flags: tuple[Flag, ...]
    fastest: bool
    """Whether it is shown to be faster than every other contender that ran here; not adjusted for the number of such
    verdicts."""


class Boundary(Part, frozen=True, kw_only=True):
    """How large a batch one contender bears, as far as was tried."""

    largest_ran: int | None
    smallest_failed: int | None
    """The smallest that ran out of memory or met a limit of the framework; None where none did."""
    failure: OutcomeTag | None
    searched: bool
    """Whether the boundary was searched for; else these are the sizes that happened to be tried."""
    verified: bool
    """Whether fresh workers have said that the largest runs and that the smallest fails."""
    swapped: bool
    """Whether the largest ran only by swapping."""
    cap_bytes: int
    """What one worker's resident memory may be."""
    resident_bytes: int | None
    """Peak resident memory at the largest that ran."""
    allocated_bytes: int | None
    """Peak of live tensors on the device there, by the framework's own allocator; None on the processor."""
    reserved_bytes: int | None
    """Peak that this allocator held; what it exceeds `allocated_bytes` by is fragmentation and caches."""
    loaded_bytes: int | None
    """Resident memory with the model loaded and nothing run."""
    bytes_per_sample: float | None
    """Slope of the peak resident memory against the batch size."""
    sentence: str


class Curve(Part, frozen=True, kw_only=True):
    """A contender over the batch sizes, the other axes fixed."""

    contender: str
    axes: Axes
    points: tuple[PointReport, ...]
    """By batch size, ascending."""
    shape: Shape | None
    shape_sentence: str
    """Empty where fewer than three sizes were measured."""
    boundary: Boundary | None
    """None where nothing was tried."""


class UnderBound(Part, frozen=True, kw_only=True):
    """What a latency bound leaves of one contender."""

    contender: str
    name: str
    best: BoundCheck | None
    """The highest throughput among the sizes shown to keep the bound; None where none is."""
    largest: BoundCheck | None
    behind: float | None
    """Throughput of the best of all contenders over that of this one: an estimate without an interval."""


class AnswerReport(Part, frozen=True, kw_only=True):
    """The answer for one setting of the axes other than the batch, in words and in figures."""

    headline: str
    """What to do, in one sentence."""
    estimate: bool
    """Whether no verdict carries it; the headline then says so."""
    sentences: tuple[str, ...]
    """Why, and how sure that is."""
    answer: Answer
    quality: Quality | None = None
    """How far the headline can be relied on."""
    under_bound: tuple[UnderBound, ...]
    """By contender; empty where no latency bound was asked for."""


class AgreementReport(Part, frozen=True, kw_only=True):
    """How far the outputs of one contender are from the reference's, at the operating point where that is worst."""

    contender: str
    reference: str
    verdict: AgreementVerdict
    reason: str
    rtol: float
    """Allowed."""
    output_error: float | None
    """The smallest relative tolerance under which they would agree; None where nothing could be compared."""
    point: OperatingPoint
    top1: float | None
    """Least share of rows with the same largest entry."""
    row_consistent: bool | None
    """Whether rows of batches equal the same rows run alone."""
    points: int
    """Operating points that were compared."""


class Excluded(Part, frozen=True, kw_only=True):
    """A contender without a place in the ranking."""

    contender: str
    reason: str
    """A clause without the contender's name: `ran out of memory at batch 1: ...`."""


class FailureReport(Part, frozen=True, kw_only=True):
    """Where a contender has no figures, or lost a worker, and why."""

    contender: str
    points: tuple[OperatingPoint, ...]
    """Empty where the whole contender failed."""
    outcome: OutcomeTag
    sentence: str
    detail: str
    """The last line that the worker wrote to standard error, or nothing."""
    unanswered: bool
    """Whether something that was asked for has no answer because of this. Running out of memory is an answer."""


class Cause(Part, frozen=True, kw_only=True):
    """Why slices were rejected."""

    example: str
    """Slices are counted together when their causes differ in figures only."""
    slices: int


class Noise(Part, frozen=True, kw_only=True):
    """What disturbed the run."""

    slices: int
    rejected: int
    causes: tuple[Cause, ...]
    """The most frequent first."""
    top: ForeignProcess | None
    """The process that was most often the busiest while slices were rejected, with the highest share it had."""

    @property
    def share(self) -> float:
        """Of all slices, those that were rejected."""
        return self.rejected / self.slices if self.slices else 0.0


class Price(Part, frozen=True, kw_only=True):
    """What the machine costs, as it was given."""

    amount: float
    currency: str
    """A word or a sign; empty where none was given."""
    unit: TimeUnit
    """What the amount is for."""
    per_second: float


class Cost(Part, frozen=True, kw_only=True):
    """What a million samples cost with a contender at its best batch size."""

    contender: str
    name: str
    point: OperatingPoint
    bound: str = ""
    """The latency bound that this size is shown to keep, such as `p95 within 20.0 ms`; empty where no bound was heeded."""
    throughput: float
    """That the cost was computed with."""
    per_million: float
    """In the currency of the price."""
    low: float | None = None
    """At the upper end of the throughput's 95 % interval; None where there is none."""
    high: float | None = None
    """At its lower end."""


class Costs(Part, frozen=True, kw_only=True):
    """What a million samples cost: the price of the machine over the throughput."""

    price: Price
    by_contender: tuple[Cost, ...]
    """In the order of the answers; what keeps a latency bound comes first."""


class CallSlice(Part, frozen=True, kw_only=True):
    """Calls of one slice."""

    restart: int
    rejected: bool
    calls_ns: tuple[int, ...]
    """Durations in order of time; means of blocks of calls where a stamp covers several."""


class Timeline(Part, frozen=True, kw_only=True):
    """The calls of one point in order of time, of which some may be left out."""

    contender: str
    point: OperatingPoint
    calls: int
    """How many there are, those left out included."""
    slices: tuple[CallSlice, ...]


class ReportDocument(Part, frozen=True, kw_only=True):
    """A run as reports show it."""

    schema: str = REPORT_SCHEMA
    version: tuple[int, int] = REPORT_VERSION
    run_id: str
    created: str
    """UTC, ISO 8601."""
    command: tuple[str, ...]
    """The arguments that were typed."""
    repeat: str
    """The same as one line for a shell."""
    state: State
    reason: str
    """Why the run is not complete, where it says."""
    elapsed_s: float | None
    model: ModelInfo
    plan: PlanReport
    environment: Environment
    """The conditions."""
    contenders: tuple[ContenderReport, ...]
    answers: tuple[AnswerReport, ...]
    """One for each setting of the axes other than the batch."""
    curves: tuple[Curve, ...]
    pairs: tuple[PairVerdict, ...]
    """Every pair of contenders at every operating point: adjusted for the number of points, not for that of pairs."""
    new_shapes: tuple[NewShapes, ...] = ()
    """Contenders for which a batch size that a running worker has not seen costs much."""
    failures: tuple[FailureReport, ...]
    agreements: tuple[AgreementReport, ...]
    excluded: tuple[Excluded, ...]
    """Contenders that are not ranked."""
    cautions: tuple[str, ...] = ()
    """What a reader must know about the outputs before trusting the answer, one sentence each."""
    noise: Noise
    notes: tuple[Note, ...]
    warnings: tuple[str, ...]
    """What was known about the machine beforehand."""
    shortcomings: tuple[str, ...]
    """What was asked for and not answered, one sentence each: why the exit code is 1."""
    costs: Costs | None = None
    """Where a price was given."""
    timelines: tuple[Timeline, ...] = ()
    """The calls of each point, for the page; left empty in JSON, since the run file holds every call."""


class ReportCollection(Part, frozen=True, kw_only=True):
    """Several runs in one JSON document."""

    schema: str = COLLECTION_SCHEMA
    version: tuple[int, int] = REPORT_VERSION
    reports: tuple[ReportDocument, ...]
    """In the order in which they were asked for."""
