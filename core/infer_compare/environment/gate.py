"""The gate: which slices are rejected, and why. By cause, never by latency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.wording import count, duration, percent
from infer_compare.verdicts.protocol import GATE_BLIND_SHARE, GATE_SLOWED_SHARE, GATE_STEAL_SHARE, GATE_WAIT_SHARE

if TYPE_CHECKING:
    from infer_compare.results.slices import Diagnostics, GpuDisturbance, Instances


SLEPT_NS = 10_000_000
"""The clocks by which sleep is noticed are read one after the other: a shorter difference means nothing."""
SKEW_NS = 5_000_000
"""Instances of a contender begin within one call and this of each other: another program may hold a core for 3.5 ms."""
SKEW_SHARE = 0.02
"""Or within this share of the time in which they run together."""
SLEPT = "the machine slept"
POWER_CHANGED = "the power source of the machine changed"
ON_BATTERY = "the machine runs on its battery, and the run began on mains power"
ON_MAINS = "the machine runs on mains power, and the run began on its battery"
LAPTOP = frozenset({SLEPT, POWER_CHANGED, ON_BATTERY, ON_MAINS})
"""What no other program did, and a person can undo."""


def rejection(diagnostics: Diagnostics, *, threads: int, schedstat: bool) -> str | None:
    """Why a slice does not count, in a short sentence with figures; None when it counts.

    A slice is rejected on a page read from disk, when a quota stopped the worker, when the hypervisor took more
    than 5 % of the machine, or when other programs made the worker wait:

    * with schedstat, `wf = min(run_delay, foreign) / (run_delay + own)` above 0.10. The plain wait share would not do:
      TensorFlow's own threads wait for each other, and 60 % of its undisturbed slices would be refused. Where
      foreign time is not known, all waiting counts as caused by others;
    * without, `foreign / (wall x cores) + threads / cores - 1` above 0.10: together the worker and the others want
      more than there is. Threads beyond the number of cores do not count: that is the contender's own doing.
      This needs slices of 200 ms or more.

    So is one during which the machine slept, or changed its power source.

    On a GPU also when heat or a fault of the hardware held its clocks down, or another process used it. Its power limit
    is the contender's own doing, and no reason.

    Where neither can be told (macOS) nothing is refused for contention; the report says so.

    Args:
        diagnostics: what the probe counted.
        threads: the thread budget.
        schedstat: whether the probe could see how long threads waited.
    """
    if diagnostics.asleep_ns > SLEPT_NS:
        return SLEPT
    if diagnostics.power_changed:
        return POWER_CHANGED
    slowed = _gpu(diagnostics.gpu) if diagnostics.gpu is not None else None
    if slowed is not None:
        return slowed
    if diagnostics.major_faults > 0:
        return f"pages were read from disk ({count(diagnostics.major_faults, 'major fault')})"
    if diagnostics.throttled:
        return f"the control group's quota stopped the worker ({count(diagnostics.throttled, 'time')})"
    if diagnostics.steal_share is not None and diagnostics.steal_share > GATE_STEAL_SHARE:
        return f"the hypervisor took {percent(diagnostics.steal_share)} of the machine"
    if schedstat:
        share = _wait_share(diagnostics)
        if share is not None and share > GATE_WAIT_SHARE:
            return f"{_culprit(diagnostics)}, and the worker waited {percent(share)} of the time it could have run"
        return None
    return crowd(diagnostics, threads)


def without_load(diagnostics: Diagnostics) -> Diagnostics:
    """Return what was counted, but for other programs that compute: where a contender's own server is among them, its work
    cannot be told from theirs.
    """
    return msgspec.structs.replace(diagnostics, run_delay_ns=None, foreign_ns=None)


def other_power(diagnostics: Diagnostics, *, began_on_battery: bool | None) -> str | None:
    """Return why a slice does not count that ran on another power source than the run began with; None where it did not.

    Args:
        diagnostics: what the probe counted.
        began_on_battery: of the machine when the run began; None where it has no battery or does not tell.
    """
    now = diagnostics.on_battery
    if now is None or began_on_battery is None or now is began_on_battery:
        return None
    return ON_BATTERY if now else ON_MAINS


def apart(instances: Instances, call_ns: float) -> str | None:
    """Return why a slice does not count whose instances did not run at the same time; None where they did.

    Args:
        instances: how they ran.
        call_ns: what a call took.
    """
    allowed_ns = max(call_ns + SKEW_NS, SKEW_SHARE * instances.window_ns)
    began = f"the instances began {duration(instances.skew_ns)} apart"
    if not instances.window_ns:
        return f"{began}, and did not run at the same time"
    return f"{began}; more than {duration(allowed_ns)} is not counted" if instances.skew_ns > allowed_ns else None


def crowd(diagnostics: Diagnostics, threads: int) -> str | None:
    """Why others leave the thread budget no room, in a short sentence; None where they do, or where it cannot be told.

    The rule without schedstat. It needs no worker that runs, and so also says whether one should be started.

    Args:
        diagnostics: what a probe counted, over 200 ms or more.
        threads: the thread budget.
    """
    excess = _excess(diagnostics, threads)
    if excess is not None and excess > GATE_BLIND_SHARE:
        wanted, there = count(threads, "thread"), count(diagnostics.cores, "core")
        return f"{_culprit(diagnostics)}, and with the worker's {wanted} that is more than {there}"
    return None


def _gpu(disturbed: GpuDisturbance) -> str | None:
    if disturbed.foreign_pid is not None:
        name = disturbed.foreign_name or "another program"
        return f"{name} (pid {disturbed.foreign_pid}) used the GPU"
    if disturbed.slowed_share > GATE_SLOWED_SHARE:
        return f"heat or a fault held the GPU's clocks down for {percent(disturbed.slowed_share)} of the time"
    return None


def _wait_share(diagnostics: Diagnostics) -> float | None:
    """The wait share; where foreign time is unknown, as if all waiting had been for others."""
    if diagnostics.foreign_ns is not None or diagnostics.run_delay_ns is None:
        return diagnostics.wait_share
    total_ns = diagnostics.run_delay_ns + diagnostics.own_cpu_ns
    return diagnostics.run_delay_ns / total_ns if total_ns > 0 else 0.0


def _excess(diagnostics: Diagnostics, threads: int) -> float | None:
    """By how much, as a share of the cores, others and the thread budget together exceed what there is."""
    if diagnostics.foreign_ns is None or diagnostics.wall_ns <= 0:
        return None
    foreign = diagnostics.foreign_ns / (diagnostics.wall_ns * diagnostics.cores)
    return foreign + min(threads, diagnostics.cores) / diagnostics.cores - 1


def _culprit(diagnostics: Diagnostics) -> str:
    """Who took the time, as far as it can be told."""
    if diagnostics.foreign_ns is None or diagnostics.wall_ns <= 0:
        return "other programs, which cannot be seen here, took processor time"
    cores = diagnostics.foreign_ns / diagnostics.wall_ns
    top = diagnostics.top
    if top is None or top.share < cores / 2:
        return f"other programs took {percent(cores)} of a core"
    return f"other programs: {top.name} (pid {top.pid}) took {percent(top.share)} of a core"
