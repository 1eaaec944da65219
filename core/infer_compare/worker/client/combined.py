"""Combining the answers of a contender's instances into one."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, TypeVar

import msgspec

from infer_compare.results import Memory
from infer_compare.results.slices import Diagnostics, Instances, PhaseTimes, SliceMemory, busiest
from infer_compare.timing.window import Kept, Stretch, common_window
from infer_compare.worker.protocol import Explored, Loaded, Opened, Reply, Timed, WarmedUp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Answer = TypeVar("Answer", bound=Reply)


def combined(replies: Sequence[Answer]) -> Answer:
    """Return one answer for all instances: times are those of the slowest, memory and processor time are sums.

    Everything that instances have in common, such as effective settings, is taken from the first.

    Args:
        replies: one from each instance, in their order, all of the same type.
    """
    first = replies[0]
    if len(replies) == 1:
        return first
    match first:
        case Opened():
            changes = _opened([reply for reply in replies if isinstance(reply, Opened)])
        case Loaded():
            changes = _loaded([reply for reply in replies if isinstance(reply, Loaded)])
        case Explored():
            changes = _explored([reply for reply in replies if isinstance(reply, Explored)])
        case WarmedUp():
            changes = _warmed_up([reply for reply in replies if isinstance(reply, WarmedUp)])
        case Timed():
            changes = _timed([reply for reply in replies if isinstance(reply, Timed)])
        case _:
            return first
    return msgspec.structs.replace(first, **changes)


def _opened(replies: Sequence[Opened]) -> dict[str, object]:
    return {
        "began_ns": max(reply.began_ns for reply in replies),
        "import_ns": max(reply.import_ns for reply in replies),
        "schedstat": all(reply.schedstat for reply in replies),
    }


def _loaded(replies: Sequence[Loaded]) -> dict[str, object]:
    slowest = max(replies, key=lambda reply: reply.load_ns + reply.to_device_ns)
    return {
        "load_ns": slowest.load_ns,
        "to_device_ns": slowest.to_device_ns,
        "resident": _sum(reply.resident for reply in replies),
    }


def _explored(replies: Sequence[Explored]) -> dict[str, object]:
    memories = [reply.memory for reply in replies]
    return {
        "prepare_ns": max(reply.prepare_ns for reply in replies),
        "first_call_ns": max(reply.first_call_ns for reply in replies),
        "latency_ns": max(reply.latency_ns for reply in replies),
        "memory": Memory(
            resident=_sum(memory.resident for memory in memories),
            allocated=_sum(memory.allocated for memory in memories),
            reserved=_sum(memory.reserved for memory in memories),
            retries=sum(memory.retries for memory in memories),
            major_faults=sum(memory.major_faults for memory in memories),
            swapped=sum(memory.swapped for memory in memories),
        ),
        "diagnostics": _diagnostics([reply.diagnostics for reply in replies]),
    }


def _warmed_up(replies: Sequence[WarmedUp]) -> dict[str, object]:
    slowest = max(replies, key=lambda reply: reply.total_ns)
    return {
        "prepare_ns": max(reply.prepare_ns for reply in replies),
        "first_call_ns": max(reply.first_call_ns for reply in replies),
        "calls": slowest.calls,
        "total_ns": slowest.total_ns,
        "latency_ns": max(reply.latency_ns for reply in replies),
        "steady": all(reply.steady for reply in replies),
        "compilations": _sum(reply.compilations for reply in replies),
        "settled": all(reply.settled for reply in replies),
    }


def _timed(replies: Sequence[Timed]) -> dict[str, object]:
    window = common_window([Stretch(reply.started_ns, reply.durations_ns) for reply in replies])
    pooled = tuple(
        duration
        for reply, kept in zip(replies, window.kept, strict=True)
        for duration in reply.durations_ns[kept.first : kept.end]
    )
    per_stamp = replies[0].calls_per_stamp
    made = sum(reply.discarded + len(reply.durations_ns) * reply.calls_per_stamp for reply in replies)
    memories = [reply.memory for reply in replies if reply.memory is not None]
    return {
        "started_ns": window.begins_ns,
        "durations_ns": pooled,
        "discarded": made - len(pooled) * per_stamp,
        "phases": _phases([reply.phases for reply in replies], window.kept),
        "diagnostics": _diagnostics([reply.diagnostics for reply in replies]),
        "memory": _slice_memory(memories) if len(memories) == len(replies) else None,
        "instances": Instances(
            window_ns=window.length_ns,
            calls=tuple(kept.stamps * per_stamp for kept in window.kept),
            stamps=tuple(kept.end - kept.first for kept in window.kept),
            skew_ns=window.skew_ns,
        ),
    }


def _phases(phases: Sequence[PhaseTimes | None], kept: Sequence[Kept]) -> PhaseTimes | None:
    known = [(times, span) for times, span in zip(phases, kept, strict=True) if times is not None]
    if len(known) < len(phases):
        return None

    def pooled(part: str) -> tuple[int, ...]:
        return tuple(ns for times, span in known for ns in getattr(times, part)[span.first : span.end])

    return PhaseTimes(**{part: pooled(part) for part in PhaseTimes.__struct_fields__})


def _slice_memory(memories: Sequence[SliceMemory]) -> SliceMemory:
    return SliceMemory(
        before=sum(memory.before for memory in memories),
        after=sum(memory.after for memory in memories),
        peak=_sum(memory.peak for memory in memories),
    )


def _diagnostics(counted: Sequence[Diagnostics | None]) -> Diagnostics | None:
    """Return the combined counters of all workers, none of which counts the others as foreign programs."""
    known = [counters for counters in counted if counters is not None]
    if len(known) < len(counted):
        return None
    foreign = [counters.foreign_ns for counters in known if counters.foreign_ns is not None]
    steal = [counters.steal_share for counters in known if counters.steal_share is not None]
    throttled = [counters.throttled for counters in known if counters.throttled is not None]
    top = busiest(counters.top for counters in known)
    named = max(known, key=lambda counters: counters.top.share if counters.top is not None else -1.0)
    return Diagnostics(
        wall_ns=max(counters.wall_ns for counters in known),
        own_cpu_ns=sum(counters.own_cpu_ns for counters in known),
        system_ns=sum(counters.system_ns for counters in known),
        run_delay_ns=_sum(counters.run_delay_ns for counters in known),
        # All workers counted the same foreign programs.
        foreign_ns=round(fmean(foreign)) if len(foreign) == len(known) else None,
        steal_share=fmean(steal) if steal else None,
        minor_faults=sum(counters.minor_faults for counters in known),
        major_faults=sum(counters.major_faults for counters in known),
        active_threads=_sum(counters.active_threads for counters in known),
        cores=known[0].cores,
        throttled=max(throttled) if throttled else None,
        top=top,
        others=named.others,
        asleep_ns=max(counters.asleep_ns for counters in known),
        on_battery=known[0].on_battery,
        power_changed=any(counters.power_changed for counters in known),
        core_ns=max((counters.core_ns for counters in known if counters.core_ns is not None), default=None),
        gpu=max(
            (counters.gpu for counters in known if counters.gpu is not None),
            key=lambda gpu: (gpu.foreign_pid is not None, gpu.slowed_share),
            default=None,
        ),
    )


def _sum(figures: Iterable[int | None]) -> int | None:
    """Return the sum of some figures; None if one of them is not known."""
    total = 0
    for figure in figures:
        if figure is None:
            return None
        total += figure
    return total
