"""The usable physical cores, with their logical processors, NUMA nodes and kinds."""

from __future__ import annotations

from typing import NamedTuple

from infer_compare.environment.host import LOCAL, Host, parse_list
from infer_compare.environment.threads import affinity

EFFICIENCY_CAPACITY = 0.8
"""A core with a capacity below this share of the largest is an efficiency core; cores of one kind differ by less."""


class Core(NamedTuple):
    """A physical core."""

    processors: tuple[int, ...]
    """The usable logical processors of the core, ascending."""
    node: int = 0
    """The NUMA node."""
    efficiency: bool = False
    """Whether the core is one of the slower cores of a machine with two kinds."""


def cores(host: Host = LOCAL, mask: frozenset[int] | None = None) -> tuple[Core, ...]:
    """Return the physical cores within a mask, performance cores first, by node and number; empty if unknown.

    Args:
        host: the machine.
        mask: usable logical processors; by default the calling thread's affinity mask, which respects cpusets.
    """
    if not host.has_proc:
        return ()
    mask = affinity() if mask is None else mask
    nodes = {
        processor: int(name.removeprefix("node"))
        for name in host.names("/sys/devices/system/node")
        if name.removeprefix("node").isdecimal()
        for processor in parse_list(host.text(f"/sys/devices/system/node/{name}/cpulist") or "")
    }
    slower = _efficient(host, mask)
    shared: dict[frozenset[int], list[int]] = {}
    for processor in sorted(mask):
        folder = f"/sys/devices/system/cpu/cpu{processor}/topology"
        siblings = host.text(f"{folder}/core_cpus_list") or host.text(f"{folder}/thread_siblings_list")
        shared.setdefault(parse_list(siblings) if siblings else frozenset({processor}), []).append(processor)
    usable = [Core(tuple(group), nodes.get(group[0], 0), group[0] in slower) for group in shared.values()]
    return tuple(sorted(usable, key=lambda core: (core.efficiency, core.node, core.processors)))


def _efficient(host: Host, mask: frozenset[int]) -> frozenset[int]:
    """Return the logical processors of efficiency cores."""
    listed = host.text("/sys/devices/cpu_atom/cpus")
    if listed:
        return parse_list(listed)
    capacities = {
        processor: capacity
        for processor in mask
        if (capacity := host.number(f"/sys/devices/system/cpu/cpu{processor}/cpu_capacity")) is not None
    }
    largest = max(capacities.values(), default=0)
    return frozenset(
        processor for processor, capacity in capacities.items() if capacity < EFFICIENCY_CAPACITY * largest
    )
