"""What several workers answered to one request, as one answer: that of a contender with several instances."""

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
    """Return one answer for those of all instances: times are those of the slowest, memory and processor time are sums.

    What instances have in common, such as what is effective in them, is that of the first.

    Args:
        replies: one of each instance, in their order, all of one kind.
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
    known = [(times, own) for times, own in zip(phases, kept, strict=True) if times is not None]
    if len(known) < len(phases):
        return None

    def pooled(part: str) -> tuple[int, ...]:
        return tuple(ns for times, own in known for ns in getattr(times, part)[own.first : own.end])

    return PhaseTimes(**{part: pooled(part) for part in PhaseTimes.__struct_fields__})


def _slice_memory(memories: Sequence[SliceMemory]) -> SliceMemory:
    return SliceMemory(
        before=sum(memory.before for memory in memories),
        after=sum(memory.after for memory in memories),
        peak=_sum(memory.peak for memory in memories),
    )


def _diagnostics(counted: Sequence[Diagnostics | None]) -> Diagnostics | None:
    """Return what was counted in all workers; each has left the others out of what other programs took."""
    known = [one for one in counted if one is not None]
    if len(known) < len(counted):
        return None
    foreign = [one.foreign_ns for one in known if one.foreign_ns is not None]
    steal = [one.steal_share for one in known if one.steal_share is not None]
    throttled = [one.throttled for one in known if one.throttled is not None]
    top = busiest(one.top for one in known)
    named = max(known, key=lambda one: one.top.share if one.top is not None else -1.0)
    return Diagnostics(
        wall_ns=max(one.wall_ns for one in known),
        own_cpu_ns=sum(one.own_cpu_ns for one in known),
        system_ns=sum(one.system_ns for one in known),
        run_delay_ns=_sum(one.run_delay_ns for one in known),
        # All of them have counted the same programs.
        foreign_ns=round(fmean(foreign)) if len(foreign) == len(known) else None,
        steal_share=fmean(steal) if steal else None,
        minor_faults=sum(one.minor_faults for one in known),
        major_faults=sum(one.major_faults for one in known),
        active_threads=_sum(one.active_threads for one in known),
        cores=known[0].cores,
        throttled=max(throttled) if throttled else None,
        top=top,
        others=named.others,
        asleep_ns=max(one.asleep_ns for one in known),
        on_battery=known[0].on_battery,
        power_changed=any(one.power_changed for one in known),
        gpu=max(
            (one.gpu for one in known if one.gpu is not None),
            key=lambda gpu: (gpu.foreign_pid is not None, gpu.slowed_share),
            default=None,
        ),
    )


def _sum(figures: Iterable[int | None]) -> int | None:
    """Return the sum; None where one is not known."""
    total = 0
    for figure in figures:
        if figure is None:
            return None
        total += figure
    return total
