"""Records of the slices of a round: raw durations, and disturbances."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Duration, Finite, Moment, Nanoseconds, Number, Part, Share
from infer_compare.limits import MOST_INSTANCES

if TYPE_CHECKING:
    from collections.abc import Iterable

Series = Literal["latency", "pipelined", "enqueue", "sustained"]
"""The meaning of durations: `latency` is a call including the wait for its result. On asynchronous devices, `pipelined` is the
period of batches with one always enqueued ahead, and `enqueue` the time until `run` returns."""

MOST_STAMPS = 10_000_000
"""The most durations of a slice: a minute of the shortest calls on an accelerator has fewer."""
Durations = Annotated[tuple[Duration, ...], msgspec.Meta(min_length=1, max_length=MOST_STAMPS)]
PartDurations = Annotated[tuple[Nanoseconds, ...], msgspec.Meta(max_length=MOST_STAMPS)]


class ForeignProcess(msgspec.Struct, frozen=True):
    """A process outside the run that took processor time during a slice."""

    pid: Count
    name: str
    share: Share
    """Of one core; above 1 if several threads were busy."""


def busiest(processes: Iterable[ForeignProcess | None]) -> ForeignProcess | None:
    """Return the process with the largest share; None if none is known."""
    return max(
        (process for process in processes if process is not None), key=lambda process: process.share, default=None
    )


class GpuDisturbance(msgspec.Struct, frozen=True, kw_only=True):
    """Disturbances of a GPU while a slice ran, as reported by its driver."""

    slowed_share: Share
    """Share of the time in which heat or a hardware fault reduced its clocks."""
    power_capped_share: Share
    """The same for its power limit. The contender itself causes this, so it is reported but never a reason to reject a slice."""
    foreign_pid: Count | None = None
    """Another process that used the GPU."""
    foreign_name: str = ""


class Diagnostics(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of the operating system for the time of a slice; None where the platform does not provide them."""

    wall_ns: Nanoseconds
    own_cpu_ns: Nanoseconds
    """Processor time of all threads of the worker."""
    system_ns: Nanoseconds
    """The part of `own_cpu_ns` that was spent in the kernel."""
    run_delay_ns: Nanoseconds | None
    """Time in which the worker's threads were runnable but not running (schedstat)."""
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
    """How often the cgroup's quota stopped the worker."""
    top: ForeignProcess | None = None
    """The process outside the run that took most processor time."""
    others: tuple[ForeignProcess, ...] = ()
    """Further processes that took a notable amount of processor time, the largest first."""
    asleep_ns: Nanoseconds = 0
    """How long the machine slept meanwhile."""
    on_battery: bool | None = None
    """Whether the machine ran on battery at the end; None if it has none or that is not known."""
    power_changed: bool = False
    """Whether the machine was plugged in or unplugged meanwhile."""
    core_ns: Nanoseconds | None = None
    """The longer of two times of a fixed computation on the worker's core, right before and after the slice. At one thread on the CPU."""
    slowdown: Share | None = None
    """That time as a multiple of the usual one of the contender; None if it was not judged."""
    gpu: GpuDisturbance | None = None
    """For slices on an NVIDIA GPU whose driver can be queried."""

    @property
    def wait_share(self) -> float | None:
        """The share of waiting caused by others, `min(run_delay, foreign) / (run_delay + own_cpu)`; None if not known."""
        if self.run_delay_ns is None or self.foreign_ns is None:
            return None
        total = self.run_delay_ns + self.own_cpu_ns
        return min(self.run_delay_ns, self.foreign_ns) / total if total > 0 else 0.0


class PhaseTimes(msgspec.Struct, frozen=True, kw_only=True):
    """The durations of each iteration's parts, one entry per iteration (`end_to_end` and `dataset` scopes)."""

    stage_ns: PartDurations
    run_ns: PartDurations
    """Run and synchronize."""
    fetch_ns: PartDurations
    load_ns: PartDurations = ()
    """Assembling batches (`dataset` scope)."""


class SliceMemory(msgspec.Struct, frozen=True, kw_only=True):
    """Resident memory of the worker around a slice, in bytes; read outside the timed part."""

    before: Bytes
    after: Bytes
    peak: Bytes | None = None
    """Peak during the slice (VmHWM); None if the kernel does not provide it."""


class Instances(msgspec.Struct, frozen=True, kw_only=True):
    """How the instances of a contender ran at the same time; tuples have one entry per instance, in the same order."""

    window_ns: Nanoseconds
    """Time in which all instances ran: from the latest first stamp to the earliest last stamp."""
    calls: Annotated[tuple[Part, ...], msgspec.Meta(min_length=2, max_length=MOST_INSTANCES)]
    """Calls within that time; calls at its ends count by the share that is within."""
    stamps: Annotated[tuple[Count, ...], msgspec.Meta(min_length=2, max_length=MOST_INSTANCES)]
    """Number of the slice's durations that belong to each instance; those of the first instance come first."""
    skew_ns: Nanoseconds
    """Time from the earliest first stamp to the latest first stamp."""

    @property
    def balance(self) -> float:
        """The fewest calls of any instance, as a share of the most calls of any instance."""
        return min(self.calls) / max(self.calls) if max(self.calls) > 0 else 0.0


FEWEST_CALLS = 1e-6
"""The fewest calls within the window that determine a pace."""


class Metered(msgspec.Struct, frozen=True, kw_only=True):
    """The values of additional metrics around a slice, including its discarded calls."""

    window_ns: Duration
    """The time that the metrics covered, by the clock of the parent."""
    values: dict[str, Finite]
    """By the name of the metric, in its unit."""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive timed iterations of one contender at one operating point, pooled over its instances."""

    contender: str
    position: Count
    """Its place in the round, from 0."""
    series: Series = "latency"
    started_ns: Moment
    """Monotonic clock of the machine."""
    durations_ns: Durations
    """One entry per stamp, without the discarded first calls; a stamp covers `calls_per_stamp` calls."""
    calls_per_stamp: Number = 1
    discarded: Count = 0
    """Calls without a duration here: those before the first kept stamp, and those outside the instances' window."""
    samples: Number | None = None
    """Samples of one iteration that is a pass over a data set; None for the batch size."""
    phases: PhaseTimes | None = None
    diagnostics: Diagnostics | None = None
    memory: SliceMemory | None = None
    """None in runs of older versions."""
    instances: Instances | None = None
    """For a contender of several instances; the figures of `diagnostics` and `memory` are then sums over them."""
    metered: Metered | None = None
    """None if no metric was requested, or none could be measured."""
    rejected: str | None = None
    """The cause for which the gate rejected the slice, which is never its latency; None if it was accepted."""

    @property
    def calls(self) -> int:
        """Number of timed calls."""
        return len(self.durations_ns) * self.calls_per_stamp

    @property
    def total_ns(self) -> int:
        """Total time of the timed calls."""
        return sum(self.durations_ns)

    @property
    def mean_ns(self) -> float:
        """Mean time of a call, in nanoseconds."""
        return self.total_ns / self.calls

    @property
    def pace_ns(self) -> float:
        """Time per finished call in nanoseconds; with several instances at the same time it is shorter than a call."""
        instances = self.instances
        if instances is None or instances.window_ns == 0 or (finished := fsum(instances.calls)) < FEWEST_CALLS:
            return self.mean_ns
        return instances.window_ns / finished
