"""Parsing numbers of threads and instances, one or several: `2`, `1,2,4`, `1,2,auto`."""

from __future__ import annotations

from typing import Literal, TypeVar

from infer_compare import limits
from infer_compare.errors import UsageError

Auto = Literal["auto"]
Item = TypeVar("Item")


def parse_threads(text: str) -> int | tuple[int, ...]:
    """Parse numbers of threads, in the order in which they are typed; a single number is returned by itself.

    Raises:
        UsageError: a part is not a valid number, or a number appears twice.
    """
    counts = tuple(_count(piece, "--threads", limits.MOST_THREADS, "2 or 1,2,4") for piece in text.split(","))
    return counts[0] if len(counts) == 1 else _unlike(counts, "--threads")


def parse_instances(text: str) -> tuple[int | Auto, ...]:
    """Parse numbers of instances, in the order in which they are typed; `auto` stands for all splits of the threads.

    Raises:
        UsageError: a part is neither a valid number nor `auto`, or appears twice.
    """
    pieces = [piece.strip() for piece in text.split(",")]
    counts: tuple[int | Auto, ...] = tuple(
        "auto" if piece == "auto" else _count(piece, "--instances", limits.MOST_INSTANCES, "2 or 1,2,4 or auto")
        for piece in pieces
    )
    return _unlike(counts, "--instances")


def splits(threads: int) -> tuple[tuple[int, int], ...]:
    """Return all even splits of a thread budget as pairs of instances and threads per instance, one instance first."""
    return tuple((instances, threads // instances) for instances in range(1, threads + 1) if threads % instances == 0)


def _count(piece: str, option: str, most: int, example: str) -> int:
    try:
        return limits.whole_number(piece, 1, most)
    except ValueError as error:
        raise UsageError(f"{option}: {error}; write for example {example}.") from None


def _unlike(items: tuple[Item, ...], option: str) -> tuple[Item, ...]:
    twice = next((item for place, item in enumerate(items) if item in items[:place]), None)
    if twice is not None:
        raise UsageError(f"{option} names {twice} more than once; name each number once.")
    return items
