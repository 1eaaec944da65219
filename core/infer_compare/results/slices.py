"""What one slice of a round recorded: raw durations, and what disturbed it."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Duration, Finite, Moment, Nanoseconds, Number, Part, Share
from infer_compare.limits import MOST_INSTANCES

if TYPE_CHECKING:
    from collections.abc import Iterable

Series = Literal["latency", "pipelined", "enqueue", "sustained"]
"""What a duration is: a call and the wait for it; on devices that work on their own also the period of batches of which
one is always enqueued ahead, and the time until `run` returns."""

MOST_STAMPS = 10_000_000
"""Durations of one slice at most: a minute of the shortest calls on an accelerator has fewer."""
Durations = Annotated[tuple[Duration, ...], msgspec.Meta(min_length=1, max_length=MOST_STAMPS)]
PartDurations = Annotated[tuple[Nanoseconds, ...], msgspec.Meta(max_length=MOST_STAMPS)]


class ForeignProcess(msgspec.Struct, frozen=True):
    """The process outside the run that took most processor time during a slice."""

    pid: Count
    name: str
    share: Share
    """Of one core, 0 to 1 and above for several threads."""


def busiest(processes: Iterable[ForeignProcess | None]) -> ForeignProcess | None:
    """Return the one that took the largest share; None where none is known."""
    return max(
        (process for process in processes if process is not None), key=lambda process: process.share, default=None
    )


class GpuDisturbance(msgspec.Struct, frozen=True, kw_only=True):
    """What slowed a GPU while a slice ran, by its driver."""

    slowed_share: Share
    """Share of the time in which heat or a fault of the hardware held its clocks down."""
    power_capped_share: Share
    """The same for its power limit: the contender's own doing, reported and never rejected."""
    foreign_pid: Count | None = None
    """Another process that used it."""
    foreign_name: str = ""


class Diagnostics(msgspec.Struct, frozen=True, kw_only=True):
    """What the operating system counted while the slice ran; None where the platform does not tell."""

    wall_ns: Nanoseconds
    own_cpu_ns: Nanoseconds
    """Processor time of all threads of the worker."""
    system_ns: Nanoseconds
    """The part of it that was spent in the kernel."""
    run_delay_ns: Nanoseconds | None
    """Time that the worker's threads were runnable and not running (schedstat)."""
    foreign_ns: Nanoseconds | None
    """Processor time of everything else on the machine."""
    steal_share: Share | None
    """Share of the machine's time that the hypervisor gave to others."""
    minor_faults: Count
    major_faults: Count
    active_threads: Count | None
    """Threads of the worker that used processor time."""
    cores: Number
    """Cores that the worker may use."""
    throttled: Count | None = None
    """Times that the cgroup's quota stopped it."""
    top: ForeignProcess | None = None
    others: tuple[ForeignProcess, ...] = ()
    """Those that took most after `top`, where it was worth a word."""
    asleep_ns: Nanoseconds = 0
    """How long the machine slept meanwhile."""
    on_battery: bool | None = None
    """Whether it ran on its battery at the end; None where it has none or does not tell."""
    power_changed: bool = False
    """Whether it did not at the beginning, or the other way round."""
    gpu: GpuDisturbance | None = None
    """Of slices on an NVIDIA GPU, where its driver can be asked."""

    @property
    def wait_share(self) -> float | None:
        """`wf = min(run_delay, foreign) / (run_delay + own_cpu)`: waiting that others caused; None if not known."""
        if self.run_delay_ns is None or self.foreign_ns is None:
            return None
        total = self.run_delay_ns + self.own_cpu_ns
        return min(self.run_delay_ns, self.foreign_ns) / total if total > 0 else 0.0


class PhaseTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Nanoseconds of each iteration's parts, one entry per iteration (`end_to_end` and `dataset` scopes)."""

    stage_ns: PartDurations
    run_ns: PartDurations
    """Run and synchronize."""
    fetch_ns: PartDurations
    load_ns: PartDurations = ()
    """Assembling batches (`dataset` scope)."""


class SliceMemory(msgspec.Struct, frozen=True, kw_only=True):
    """Resident memory of the worker around a slice, in bytes; read outside of what is timed."""

    before: Bytes
    after: Bytes
    peak: Bytes | None = None
    """The most that it held meanwhile (VmHWM); None where the kernel does not tell."""


class Instances(msgspec.Struct, frozen=True, kw_only=True):
    """How the instances of a contender ran at the same time; each entry is that of one instance, in the same order."""

    window_ns: Nanoseconds
    """Time in which all of them ran: from the latest first stamp to the earliest last one."""
    calls: Annotated[tuple[Part, ...], msgspec.Meta(min_length=2, max_length=MOST_INSTANCES)]
    """Calls finished in that time; those that it cuts count by their share."""
    stamps: Annotated[tuple[Count, ...], msgspec.Meta(min_length=2, max_length=MOST_INSTANCES)]
    """How many of the slice's durations are its own: those of the first come first."""
    skew_ns: Nanoseconds
    """Time from the earliest first stamp to the latest."""

    @property
    def balance(self) -> float:
        """Calls of the instance that made fewest, as a share of those of the one that made most."""
        return min(self.calls) / max(self.calls) if max(self.calls) > 0 else 0.0


FEWEST_CALLS = 1e-6
"""Less of a call says nothing of the pace."""


class Metered(msgspec.Struct, frozen=True, kw_only=True):
    """What the metrics that were asked for counted around a slice, its discarded calls included."""

    window_ns: Duration
    """From their start to their end, by the clock of the parent."""
    values: dict[str, Finite]
    """By the name of the metric, in its unit."""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive iterations of one contender at one operating point; those of all its instances are pooled."""

    contender: str
    position: Count
    """Its place in the round, from 0."""
    series: Series = "latency"
    started_ns: Moment
    """Monotonic clock of the machine."""
    durations_ns: Durations
    """One entry per stamp, the discarded first calls left out; a stamp covers `calls_per_stamp` calls."""
    calls_per_stamp: Number = 1
    discarded: Count = 0
    """Calls that have no duration here: those before the first stamp kept, and those outside of the instances' window."""
    samples: Number | None = None
    """Samples of one iteration, where that is not the batch size: a pass over a data set."""
    phases: PhaseTimes | None = None
    diagnostics: Diagnostics | None = None
    memory: SliceMemory | None = None
    """None in runs of older versions."""
    instances: Instances | None = None
    """Of a contender with several; the figures of `diagnostics` and `memory` are then sums over them."""
    metered: Metered | None = None
    """None where no metric was asked for, or none could be measured."""
    rejected: str | None = None
    """The cause for which the gate refused the slice; never its latency."""

    @property
    def calls(self) -> int:
        """Timed calls."""
        return len(self.durations_ns) * self.calls_per_stamp

    @property
    def total_ns(self) -> int:
        """Time of all of them."""
        return sum(self.durations_ns)

    @property
    def mean_ns(self) -> float:
        """Mean time of a call, in nanoseconds."""
        return self.total_ns / self.calls

    @property
    def pace_ns(self) -> float:
        """Time for each call that the contender finishes, in nanoseconds: shorter than a call where several instances run."""
        instances = self.instances
        if instances is None or instances.window_ns == 0 or (finished := fsum(instances.calls)) < FEWEST_CALLS:
            return self.mean_ns
        return instances.window_ns / finished
