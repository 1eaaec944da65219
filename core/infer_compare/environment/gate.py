"""The gate: decides which slices are rejected, by the cause of a disturbance and never by latency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.wording import count, duration, percent, ratio
from infer_compare.verdicts.protocol import (
    GATE_BLIND_SHARE,
    GATE_CORE_SLOWDOWN,
    GATE_SLOWED_SHARE,
    GATE_STEAL_SHARE,
    GATE_WAIT_SHARE,
)

if TYPE_CHECKING:
    from infer_compare.results.slices import Diagnostics, GpuDisturbance, Instances


SLEPT_NS = 10_000_000
"""Shortest sleep that is noticed: the two clocks that are compared are not read at the same time."""
SKEW_NS = 5_000_000
"""Instances of a contender must begin within this plus one call: another program may occupy a core for 3.5 ms."""
SKEW_SHARE = 0.02
"""Or within this share of the time during which they run together."""
SLEPT = "the machine slept"
POWER_CHANGED = "the power source of the machine changed"
ON_BATTERY = "the machine runs on its battery, and the run began on mains power"
ON_MAINS = "the machine runs on mains power, and the run began on its battery"
LAPTOP = frozenset({SLEPT, POWER_CHANGED, ON_BATTERY, ON_MAINS})
"""Reasons that the user of a laptop can prevent and that other programs do not cause."""


def rejection(diagnostics: Diagnostics, *, threads: int, schedstat: bool) -> str | None:
    """Return why a slice is rejected, as a short sentence with figures; None if it counts.

    A slice is rejected if a page was read from disk, a quota stopped the worker, the hypervisor took more than 5 % of
    the machine, the machine slept or changed its power source, or other programs made the worker wait:

    * with schedstat, if `min(run_delay, foreign) / (run_delay + own)` is above 0.10. The plain wait share is not
      suitable: TensorFlow's threads wait for each other, and 60 % of its undisturbed slices would be rejected. If
      foreign time is unknown, all waiting counts as caused by other programs;
    * without schedstat, if `foreign / (wall x cores) + threads / cores - 1` is above 0.10, that is, the worker and other
      programs need more cores than there are. Threads beyond the number of cores do not count, because the contender
      causes them. This needs slices of 200 ms or more.

    On a GPU a slice is also rejected if heat or a hardware fault slowed its clocks, or another process used it. Reaching
    its power limit is no reason, because the contender causes that.

    If neither is known (macOS), no slice is rejected for contention; the report says so.

    At one thread a slice is also rejected if a fixed computation before or after it took more than 1.2 times as long as usual: another
    virtual machine used the same physical core, or heat lowered its clock.

    Args:
        diagnostics: counts of the probe.
        threads: the thread budget.
        schedstat: whether the probe could read how long threads waited.
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
    else:
        crowded = crowd(diagnostics, threads)
        if crowded is not None:
            return crowded
    if diagnostics.slowdown is not None and diagnostics.slowdown > GATE_CORE_SLOWDOWN:
        return f"a fixed computation took {ratio(diagnostics.slowdown)} times as long as usual: the core was shared, or its clock fell"
    return None


def without_load(diagnostics: Diagnostics) -> Diagnostics:
    """Return diagnostics without the load of other programs, which cannot be distinguished from a contender's server."""
    return msgspec.structs.replace(diagnostics, run_delay_ns=None, foreign_ns=None)


def without_slowdown(diagnostics: Diagnostics) -> Diagnostics:
    """Return diagnostics without the speed of the core, for a slice that is not repeated."""
    return msgspec.structs.replace(diagnostics, slowdown=None)


def other_power(diagnostics: Diagnostics, *, began_on_battery: bool | None) -> str | None:
    """Return why a slice is rejected if its power source is not that at the beginning of the run; None if it is.

    Args:
        diagnostics: counts of the probe.
        began_on_battery: whether the run began on battery; None if the machine has no battery or does not report it.
    """
    now = diagnostics.on_battery
    if now is None or began_on_battery is None or now is began_on_battery:
        return None
    return ON_BATTERY if now else ON_MAINS


def apart(instances: Instances, call_ns: float) -> str | None:
    """Return why a slice is rejected if its instances did not run at the same time; None if they did.

    Args:
        instances: times of the instances.
        call_ns: duration of a call.
    """
    allowed_ns = max(call_ns + SKEW_NS, SKEW_SHARE * instances.window_ns)
    began = f"the instances began {duration(instances.skew_ns)} apart"
    if not instances.window_ns:
        return f"{began}, and did not run at the same time"
    return f"{began}; more than {duration(allowed_ns)} is not counted" if instances.skew_ns > allowed_ns else None


def crowd(diagnostics: Diagnostics, threads: int) -> str | None:
    """Return a short sentence if other programs leave too few cores for the thread budget; None if not, or if unknown.

    This is the rule without schedstat. It needs no running worker, and therefore also decides whether to start one.

    Args:
        diagnostics: counts of a probe over 200 ms or more.
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
    """Return the wait share; if foreign time is unknown, all waiting counts as caused by other programs."""
    if diagnostics.foreign_ns is not None or diagnostics.run_delay_ns is None:
        return diagnostics.wait_share
    total_ns = diagnostics.run_delay_ns + diagnostics.own_cpu_ns
    return diagnostics.run_delay_ns / total_ns if total_ns > 0 else 0.0


def _excess(diagnostics: Diagnostics, threads: int) -> float | None:
    """Return the cores that other programs and the thread budget need beyond those available, as a share of all cores."""
    if diagnostics.foreign_ns is None or diagnostics.wall_ns <= 0:
        return None
    foreign = diagnostics.foreign_ns / (diagnostics.wall_ns * diagnostics.cores)
    return foreign + min(threads, diagnostics.cores) / diagnostics.cores - 1


def _culprit(diagnostics: Diagnostics) -> str:
    """Return a clause that says which programs took processor time."""
    if diagnostics.foreign_ns is None or diagnostics.wall_ns <= 0:
        return "other programs, which cannot be seen here, took processor time"
    cores = diagnostics.foreign_ns / diagnostics.wall_ns
    top = diagnostics.top
    if top is None or top.share < cores / 2:
        return f"other programs took {percent(cores)} of a core"
    return f"other programs: {top.name} (pid {top.pid}) took {percent(top.share)} of a core"
