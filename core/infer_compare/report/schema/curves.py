"""The curves of contenders: their points by batch size, and the largest batch that fits."""

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
    """Why there are no figures, as a clause without a subject; empty if there are figures."""
    figures: Figures | None
    rough_latency_ns: int | None
    """The rough latency from exploring: a few calls, never ranked."""
    predicted_latency_ns: int | None = None
    """The latency predicted for a point that was not measured, from a fit to the exploring calls; never ranked."""
    first_call_ns: float | None
    """Median of the first call at this point, compilation included, in workers that may have run other sizes before."""
    prepare_ns: float | None
    new_shape_ns: float | None = None
    """How much longer the first call at this size takes in a worker that has run other sizes, preparing included; None if no
    such worker met the size."""
    memory: Memory | None
    """`resident` is the median over slices of the peak around each; without slices, and for the other fields, the value from
    exploring."""
    rejected: float | None
    """Share of the slices that the gate rejected; None if no slice was timed."""
    excess_cores: float | None = None
    """Cores kept busy, if more than the thread budget allows; the point then has no figures."""
    agreement: AgreementVerdict | None
    output_error: OutputError | None
    """The error of its outputs against the reference's."""
    needed_rtol: float | None
    """The smallest relative tolerance under which its outputs would agree."""
    flags: tuple[Flag, ...]
    fastest: bool
    """Whether it is proven faster than every other contender that ran here; not adjusted for the number of such
    verdicts."""


class Boundary(Part, frozen=True, kw_only=True):
    """The largest batch that fits for one contender, as far as sizes were tried."""

    largest_ran: int | None
    smallest_failed: int | None
    """The smallest size that ran out of memory or met a limit of the framework; None if none did."""
    failure: OutcomeTag | None
    searched: bool
    """Whether the limit was searched for; else these are the sizes that were tried."""
    verified: bool
    """Whether fresh workers confirmed that the largest size runs and the smallest failing size fails."""
    swapped: bool
    """Whether the largest size ran only by swapping."""
    cap_bytes: int
    """The limit for one worker's resident memory."""
    resident_bytes: int | None
    """Peak resident memory at the largest size that ran."""
    allocated_bytes: int | None
    """Peak of live tensors on the device there, by the framework's allocator; None on the CPU."""
    reserved_bytes: int | None
    """Peak memory held by this allocator; the excess over `allocated_bytes` is fragmentation and caches."""
    loaded_bytes: int | None
    """Resident memory with the model loaded, before the first call."""
    bytes_per_sample: float | None
    """Slope of peak resident memory against batch size."""
    sentence: str


class Curve(Part, frozen=True, kw_only=True):
    """A contender over the batch sizes, with the other axes fixed."""

    contender: str
    axes: Axes
    points: tuple[PointReport, ...]
    """In ascending order of batch size."""
    shape: Shape | None
    shape_sentence: str
    """Empty if fewer than three sizes were measured."""
    boundary: Boundary | None
    """None if nothing was tried."""
