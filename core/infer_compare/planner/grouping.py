"""Which contenders can be alive at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def grouped(labels: Sequence[str], needs: Mapping[str, int], room: float) -> list[tuple[str, ...]]:
    """Return the groups that fit into memory, each contender in the first one that has room for it.

    Args:
        labels: the contenders, in their order.
        needs: bytes that each holds at its peak; unknown needs count as nothing.
        room: bytes for a group. A contender that needs more is a group by itself.
    """
    groups: list[list[str]] = []
    for label in labels:
        for group in groups:
            if sum(needs.get(member, 0) for member in (*group, label)) <= room:
                group.append(label)
                break
        else:
            groups.append([label])
    return [tuple(group) for group in groups]
