"""Grouping contenders whose workers fit into memory at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def grouped(labels: Sequence[str], needs: Mapping[str, int], room: float) -> list[tuple[str, ...]]:
    """Return groups of contenders that fit into memory; each contender joins the first group with room for it.

    Args:
        labels: the contenders, in their order.
        needs: peak memory of each in bytes; unknown needs count as zero.
        room: bytes for a group. A contender that needs more forms a group alone.
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
