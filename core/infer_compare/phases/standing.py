"""The choice of the right contenders among several that disagree, independently of their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.interfaces import Provenance

RANKS: dict[Provenance, int] = {"native": 0, "exported": 1, "imported": 2}


class Standing(NamedTuple):
    """The properties of a contender that decide how much weight its outputs have."""

    label: str
    backend: str
    provenance: Provenance
    tolerance: float
    """Of the precision in which it computes; smaller is more precise."""


Group = tuple[Standing, ...]


def groups(members: Sequence[Standing], differ: Callable[[str, str], bool]) -> tuple[Group, ...]:
    """Return the contenders in groups that agree, the precise ones first.

    A contender of lower precision may agree with several groups that differ from each other. It then forms a separate group, and
    supports none of them.

    Args:
        members: the contenders.
        differ: returns whether two of them differ.
    """
    parted: list[list[Standing]] = []
    for member in sorted(members, key=lambda standing: standing.tolerance):
        joined = [group for group in parted if any(not differ(other.label, member.label) for other in group)]
        finer = [group for group in joined if group[0].tolerance < member.tolerance]
        if len(finer) > 1:
            joined = [group for group in joined if group not in finer]
        parted = [group for group in parted if group not in joined]
        parted.append([*(standing for group in joined for standing in group), member])
    return tuple(tuple(group) for group in parted)


def reference_of(group: Group) -> Standing:
    """Return the contender with which the others of a group are compared: the most precise, then the most native one."""
    return min(group, key=lambda standing: (standing.tolerance, RANKS[standing.provenance]))


def outranking(disputed: Sequence[Group]) -> Group | None:
    """Return the group that counts as right if nothing else decides; None if that is not known.

    Native contenders outrank exported ones, and these outrank imported ones. Contenders of one backend count once, and all imports
    together count once, since they share one interpretation of the graph. A group cannot be right against a group with a more
    precise contender; the latter outranks it if it is at least as native.
    """
    finest = min(reference_of(group).tolerance for group in disputed)
    precise, coarse = (
        sorted((group for group in disputed if (reference_of(group).tolerance <= finest) is wanted), key=_votes)
        for wanted in (True, False)
    )
    first = precise.pop()
    if precise and _votes(precise[-1]) == _votes(first):
        return None
    return None if any(_nearest(group) < _nearest(first) for group in coarse) else first


def _nearest(group: Group) -> int:
    """Return the rank of the most native contender of a group."""
    return min(RANKS[standing.provenance] for standing in group)


def _votes(group: Group) -> tuple[int, int, int]:
    native, exported = (
        len({standing.backend for standing in group if standing.provenance == provenance})
        for provenance in ("native", "exported")
    )
    return native, exported, int(any(standing.provenance == "imported" for standing in group))
