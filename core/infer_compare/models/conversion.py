"""Which converters bring a model from its format to one that a backend takes: the cheapest way through the graph."""

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
    """Return the converters of least total cost, in their order; fewer where two ways cost the same.

    Args:
        source: the format that there is.
        targets: the formats that will do.
        converters: those that may be used.

    Returns:
        None where there is no way; none at all where the source will do.
    """
    edges: dict[str, list[ConverterEntry]] = {}
    for one in converters:
        edges.setdefault(one.converter.source, []).append(one)
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
