"""The current load and state of this machine."""

from __future__ import annotations

import os
import time

import msgspec

from infer_compare.environment import gpus, memory
from infer_compare.environment.cgroup import control_groups
from infer_compare.environment.host import LOCAL, Host
from infer_compare.environment.noise import NoiseProbe
from infer_compare.results.slices import ForeignProcess

OBSERVED_S = 0.2
"""How long the load of other programs is observed before a run, in seconds."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """The current load and state of a machine, in addition to its `Environment`."""

    foreign_cores: float | None = None
    """Cores that other programs use."""
    busiest: ForeignProcess | None = None
    blind: bool = False
    """Whether other processes are hidden."""
    swap_used: int = 0
    throttled: int | None = None
    """How often a quota has stopped the control group so far."""
    steal_share: float | None = None
    nice: int = 0
    gpu_processes: tuple[gpus.GpuProcess, ...] = ()


def observe(host: Host = LOCAL, seconds: float | None = None, *, ask_gpus: bool = True) -> Conditions:
    """Return the current conditions of a machine, after observing it while this process sleeps.

    Args:
        host: the machine.
        seconds: duration of the observation; `OBSERVED_S` by default.
        ask_gpus: whether to query the programs that use the GPUs, which takes up to 3 s.
    """
    probe = NoiseProbe(host)
    before = probe.snapshot()
    time.sleep(OBSERVED_S if seconds is None else seconds)
    seen = probe.difference(before, probe.snapshot())
    return Conditions(
        foreign_cores=None if seen.foreign_ns is None else seen.foreign_ns / seen.wall_ns,
        busiest=seen.top,
        blind=probe.blind,
        swap_used=memory.swap(host)[1],
        throttled=control_groups(host).throttled(),
        steal_share=seen.steal_share,
        nice=os.getpriority(os.PRIO_PROCESS, 0),
        gpu_processes=gpus.processes() if ask_gpus and gpus.names(host) else (),
    )
