"""Assigning physical cores to the instances of a contender."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.environment.topology import Core


class Placement(NamedTuple):
    """The processors on which instances run."""

    processors: tuple[tuple[int, ...], ...]
    """The logical processors of each instance, which share no core."""
    mixed: bool = False
    """Whether both performance and efficiency cores are used."""


def placement(cores: Sequence[Core], instances: int, threads: int) -> Placement | None:
    """Return a placement with one physical core for each thread of each instance; None if there are too few cores.

    If possible, all instances run on the performance cores of one NUMA node, or else each of them on one node.
    Efficiency cores are used only if there are too few performance cores.

    Args:
        cores: the usable cores.
        instances: number of instances that run at the same time.
        threads: threads of each instance.
    """
    performance = [core for core in cores if not core.efficiency]
    for among in (performance, list(cores)):
        chosen = _chosen(among, instances, threads)
        if chosen is not None:
            kinds = {core.efficiency for group in chosen for core in group}
            processors = tuple(
                tuple(sorted(processor for core in group for processor in core.processors)) for group in chosen
            )
            return Placement(processors, mixed=len(kinds) > 1)
    return None


def _chosen(cores: Sequence[Core], instances: int, threads: int) -> list[list[Core]] | None:
    if instances * threads > len(cores):
        return None
    nodes = [list(node) for _, node in groupby(sorted(cores, key=lambda core: core.node), key=lambda core: core.node)]
    for node in nodes:
        if len(node) >= instances * threads:
            return _split(node, instances, threads)
    if sum(len(node) // threads for node in nodes) >= instances:
        whole = [core for node in nodes for core in node[: len(node) // threads * threads]]
        return _split(whole, instances, threads)
    return _split(cores, instances, threads)


def _split(cores: Sequence[Core], instances: int, threads: int) -> list[list[Core]]:
    return [list(cores[place * threads : (place + 1) * threads]) for place in range(instances)]
