"""The largest numbers that are accepted, and parsing of typed numbers.

Each limit is far above any sensible value and below what a record, a system call or a framework fails on: a number that
passes can be stored, sent to a worker and computed with.
"""

from __future__ import annotations

import math
import re

LARGEST_INTEGER = 2**63 - 1
"""The largest integer that a record and a message can hold."""
LARGEST_SEED = 2**32 - 1
"""The largest seed that the random generators of every framework take."""
MOST_THREADS = 8192
"""The largest number of processors that Linux can be built for."""
MOST_INSTANCES = 1024
"""Instances of one contender."""
MOST_JOBS = 10_000
"""Jobs of a fleet."""
MOST_REPETITIONS = 1_000_000
"""Restarts, and rounds of a restart."""
SMALLEST_TOLERANCE = 1e-30
LARGEST_TOLERANCE = 1e6
SMALLEST_MARGIN = 0.03
"""The smallest margin between throughputs; the protocol was not tested with less."""
LARGEST_MARGIN = 0.5
LARGEST_DEVICE = 65_535
LONGEST_KIND = 64
"""Characters of the name of a device kind."""
SHORTEST_S = 1e-9
LONGEST_S = 366 * 86_400.0
"""A year."""
FASTEST = 1e9
"""Requests a second."""
MOST_BURSTINESS = 1000.0
"""Largest burstiness of arrivals: beyond it, most of a simulation is one burst."""
LARGEST_SIZE = 2**50
"""Bytes of memory: 1024 TiB."""
LARGEST_PRICE = 1e12
LARGEST_AXIS = 2**40
MOST_AXES = 32
"""Axes of an array in every supported version of numpy."""
LARGEST_ROW = 2**40
"""Bytes of one row of an input: 1 TiB."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?")


def whole_number(text: str, least: int, most: int) -> int:
    """Parse a whole number in plain digits.

    Raises:
        ValueError: the text is not a whole number, or outside the limits; the message is a clause.
    """
    number = int(text) if _WHOLE.fullmatch(text := text.strip()) else None
    if number is None or not least <= number <= most:
        raise ValueError(f"{text!r} is not a whole number from {least} to {most}")
    return number


def finite_number(text: str, least: float = -math.inf, most: float = math.inf) -> float:
    """Parse a finite number in plain digits, such as `0.5` or `1e-3`.

    Raises:
        ValueError: the text is not a finite number, or outside the limits; the message is a clause.
    """
    number = float(text) if _NUMBER.fullmatch(text := text.strip()) else math.nan
    if not (math.isfinite(number) and least <= number <= most):
        limits = "" if math.isinf(most) else f" from {least:g} to {most:g}"
        raise ValueError(f"{text!r} is not a number{limits}")
    return number
