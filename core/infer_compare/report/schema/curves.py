"""Points by batch size, and how large a batch a contender bears."""

from __future__ import annotations

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Axes, Part
from infer_compare.results import AgreementVerdict, Memory, OutputError
from infer_compare.stats.shape import Shape
from infer_compare.verdicts import Figures
from infer_compare.verdicts.flags import Flag
from infer_compare.verdicts.outcome_kinds import OutcomeTag


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
    predicted_latency_ns: int | None = None
    """Of a point that was left out, by the cost that was fitted to all that exploring saw; never ranked."""
    first_call_ns: float | None
    """The first call at this point, compilation included, in workers that may have run other sizes before: median."""
    prepare_ns: float | None
    new_shape_ns: float | None = None
    """What a worker that had run other sizes took longer for its first call at this one, preparing included; None where no
    such worker met the size."""
    memory: Memory | None
    """`resident` is the peak around the slices, the median over them; where none has it, what exploring saw, as the others."""
    rejected: float | None
    """Share of the slices that the gate rejected; None where no slice was timed."""
    excess_cores: float | None = None
    """Cores that it kept busy, where that is more than the thread budget allows: it then has no figures."""
    agreement: AgreementVerdict | None
    output_error: OutputError | None
    """How far its outputs are from the reference's."""
    needed_rtol: float | None
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
