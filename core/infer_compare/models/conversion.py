"""Finds the cheapest chain of converters from a model's format to one that a backend takes."""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from infer_compare.plugins import ConverterEntry


def cheapest(
    source: str, targets: Collection[str], converters: Iterable[ConverterEntry]
) -> tuple[ConverterEntry, ...] | None:
    """Return the chain of converters with the least total cost; of chains with the same cost, the shortest.

    Args:
        source: the format of the model.
        targets: the accepted formats.
        converters: the converters that may be used.

    Returns:
        The chain, empty if the source is among the targets; None if there is no chain.
    """
    edges: dict[str, list[ConverterEntry]] = {}
    for converter in converters:
        edges.setdefault(converter.converter.source, []).append(converter)
    order = count()
    ways: list[tuple[float, int, int, str, tuple[ConverterEntry, ...]]] = [(0.0, 0, next(order), source, ())]
    seen: set[str] = set()
    while ways:
        cost, length, _, form, way = heapq.heappop(ways)
        if form in targets:
            return way
        if form in seen:
            continue
        seen.add(form)
        for edge in edges.get(form, ()):
            further = (*way, edge)
            total = cost + edge.converter.cost
            heapq.heappush(ways, (total, length + 1, next(order), edge.converter.target, further))
    return None
