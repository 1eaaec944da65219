"""Parsing sizes of batches and other axes: `1,2,4`, `1:1024:x2`, `1:80:+1`; batch sizes also as `auto`."""

from __future__ import annotations

import re
from collections import Counter

from infer_compare.errors import UsageError
from infer_compare.limits import LARGEST_INTEGER, whole_number

MOST = 10_000
"""The most sizes; larger numbers are mistakes."""
LARGEST = 2**31 - 1
"""The largest size: frameworks count rows in 32 bits."""

_RANGE = re.compile(r"(?P<first>[0-9]{1,18}):(?P<last>[0-9]{1,18}):(?P<sign>[x+])(?P<step>[0-9]{1,18})")
_FORMS = "1,2,4 or 1:1024:x2 or 1:80:+1"


def parse_batch_sizes(text: str) -> tuple[int, ...] | None:
    """Parse batch sizes; returns them in ascending order, or None for `auto`.

    Raises:
        UsageError: a size is not a positive whole number, appears twice, or the range is empty.
    """
    text = text.strip()
    return None if text == "auto" else parse_sizes(text, "--batch-sizes", "batch size", f"write {_FORMS} or auto")


def parse_sizes(text: str, subject: str, noun: str, forms: str = f"write {_FORMS}") -> tuple[int, ...]:
    """Parse sizes; returns them in ascending order.

    Args:
        text: as it was typed.
        subject: the beginning of error messages, such as `--axis seq`.
        noun: the name of a size in messages, such as `batch size`.
        forms: the advice of messages.

    Raises:
        UsageError: a size is not a positive whole number, appears twice, or the range is empty.
    """
    sizes: list[int] = []
    for part in text.split(","):
        piece = part.strip()
        sizes += _range(piece, subject, noun, forms) if ":" in piece else [_size(piece, subject, noun, forms)]
        if len(sizes) > MOST:
            raise UsageError(f"{subject} {text} is more than {MOST} sizes; name fewer.")
    twice = sorted(size for size, times in Counter(sizes).items() if times > 1)
    if twice:
        raise UsageError(f"{subject} names {', '.join(map(str, twice))} more than once; name each size once.")
    return tuple(sorted(sizes))


def _size(piece: str, subject: str, noun: str, forms: str) -> int:
    try:
        size = whole_number(piece, -LARGEST_INTEGER, LARGEST_INTEGER)
    except ValueError:
        raise UsageError(f"{subject}: {piece!r} is not a whole number; {forms}.") from None
    if not 1 <= size <= LARGEST:
        raise UsageError(f"{subject}: {size} is not a {noun}; give 1 to {LARGEST}.")
    return size


def _range(piece: str, subject: str, noun: str, forms: str) -> list[int]:
    match = _RANGE.fullmatch(piece)
    if match is None:
        raise UsageError(f"{subject}: {piece!r} is not a range; {forms}.")
    first, last, step = (int(match[name]) for name in ("first", "last", "step"))
    multiply = match["sign"] == "x"
    if first < 1 or last > LARGEST:
        wrong = first if first < 1 else last
        raise UsageError(f"{subject}: {wrong} is not a {noun}; give 1 to {LARGEST}.")
    if last < first:
        raise UsageError(f"{subject}: the range {piece} is empty, since {last} is less than {first}.")
    if step < (2 if multiply else 1):
        raise UsageError(f"{subject}: the range {piece} never ends; multiply by 2 or more, or add 1 or more.")
    sizes = [first]
    while (size := sizes[-1] * step if multiply else sizes[-1] + step) <= last and len(sizes) <= MOST:
        sizes.append(size)
    return sizes
