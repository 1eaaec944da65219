"""Which logical processors each instance of a contender keeps to: no two share a core."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.environment.topology import Core


class Placement(NamedTuple):
    """Where instances run."""

    processors: tuple[tuple[int, ...], ...]
    """The logical processors of each instance; none in common."""
    mixed: bool = False
    """Whether performance and efficiency cores are both among them."""


def placement(cores: Sequence[Core], instances: int, threads: int) -> Placement | None:
    """Return disjoint physical cores for each instance, one a thread; None where there are too few.

    All instances are put on the performance cores of one NUMA node where they fit, else each of them on one node where
    that is possible. Efficiency cores are used only where the performance cores do not suffice.

    Args:
        cores: those that may be used.
        instances: how many run at the same time.
        threads: of each.
    """
    performance = [core for core in cores if not core.efficiency]
    for among in (performance, list(cores)):
        chosen = _chosen(among, instances, threads)
        if chosen is not None:
            kinds = {core.efficiency for own in chosen for core in own}
            processors = tuple(
                tuple(sorted(processor for core in own for processor in core.processors)) for own in chosen
            )
            return Placement(processors, mixed=len(kinds) > 1)
    return None


def _chosen(cores: Sequence[Core], instances: int, threads: int) -> list[list[Core]] | None:
    if instances * threads > len(cores):
        return None
    nodes = [list(own) for _, own in groupby(sorted(cores, key=lambda core: core.node), key=lambda core: core.node)]
    for own in nodes:
        if len(own) >= instances * threads:
            return _parted(own, instances, threads)
    if sum(len(own) // threads for own in nodes) >= instances:
        whole = [core for own in nodes for core in own[: len(own) // threads * threads]]
        return _parted(whole, instances, threads)
    return _parted(cores, instances, threads)


def _parted(cores: Sequence[Core], instances: int, threads: int) -> list[list[Core]]:
    return [list(cores[place * threads : (place + 1) * threads]) for place in range(instances)]
