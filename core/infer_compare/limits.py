"""The largest numbers that are accepted, and how a number is read from a text that somebody typed.

Each limit is far above what anybody means, and below what a record, a system call or a framework breaks on: whatever
passes here can be stored, sent to a worker and computed with.
"""

from __future__ import annotations

import math
import re

LARGEST_INTEGER = 2**63 - 1
"""What a record and a message can hold."""
LARGEST_SEED = 2**32 - 1
"""What the generators of every framework take."""
MOST_THREADS = 8192
"""As many processors as Linux can be built for."""
MOST_INSTANCES = 1024
"""Of one contender."""
MOST_JOBS = 10_000
"""Of a fleet."""
MOST_REPETITIONS = 1_000_000
"""Of restarts, and of rounds in one."""
SMALLEST_TOLERANCE = 1e-30
LARGEST_TOLERANCE = 1e6
SMALLEST_MARGIN = 0.03
"""Of throughputs; the protocol was not tested with less."""
LARGEST_MARGIN = 0.5
LARGEST_DEVICE = 65_535
LONGEST_KIND = 64
"""Characters of the word for a kind of device."""
SHORTEST_S = 1e-9
LONGEST_S = 366 * 86_400.0
"""A year."""
FASTEST = 1e9
"""Requests a second."""
MOST_BURSTINESS = 1000.0
"""Of arrivals: beyond it most of a simulation is one burst."""
LARGEST_SIZE = 2**50
"""Bytes of memory: 1024 TiB."""
LARGEST_PRICE = 1e12
LARGEST_AXIS = 2**40
MOST_AXES = 32
"""What every supported numpy takes."""
LARGEST_ROW = 2**40
"""Bytes of one row of an input: 1 TiB."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?")


def whole_number(text: str, least: int, most: int) -> int:
    """Return the whole number that a text names in plain digits.

    Raises:
        ValueError: it is none, or lies outside the limits; the text of the error says so as a clause.
    """
    number = int(text) if _WHOLE.fullmatch(text := text.strip()) else None
    if number is None or not least <= number <= most:
        raise ValueError(f"{text!r} is not a whole number from {least} to {most}")
    return number


def finite_number(text: str, least: float = -math.inf, most: float = math.inf) -> float:
    """Return the finite number that a text names in plain digits, such as `0.5` or `1e-3`.

    Raises:
        ValueError: it is none, or lies outside the limits; the text of the error says so as a clause.
    """
    number = float(text) if _NUMBER.fullmatch(text := text.strip()) else math.nan
    if not (math.isfinite(number) and least <= number <= most):
        limits = "" if math.isinf(most) else f" from {least:g} to {most:g}"
        raise ValueError(f"{text!r} is not a number{limits}")
    return number
