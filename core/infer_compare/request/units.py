"""Parsing durations, sizes, shares and rates: `20ms`, `5m`, `4GiB`, `5%`, `12k/min`. All but rates need a unit."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.limits import FASTEST, LARGEST_SIZE, LONGEST_S, SHORTEST_S

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMES: dict[str, float] = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
"""In seconds."""
TIME_EXAMPLE = "20ms or 60s"
SIZES: dict[str, float] = {
    "B": 1,
    "kB": 1e3,
    "KB": 1e3,
    "KiB": 2**10,
    "MB": 1e6,
    "MiB": 2**20,
    "GB": 1e9,
    "GiB": 2**30,
    "TB": 1e12,
    "TiB": 2**40,
}
"""In bytes."""
SIZE_EXAMPLE = "1500MiB or 4GiB"
RATES: dict[str, float] = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "day": 86_400.0}
"""Units of time in a rate, in seconds."""
RATE_EXAMPLE = "200/s or 12k/min"
LIMIT_VARIABLE = "INFER_COMPARE_CACHE_LIMIT"
"""The environment variable with the largest size of the cache of converted models."""
DEFAULT_LIMIT = "20GiB"

_NUMBER = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]*)\s*")
_RATE = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]?)\s*(?:/\s*([A-Za-z]+)\s*)?")
_MULTIPLES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6}
_PERCENTAGE = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*%\s*")


def parse_duration(text: str) -> float:
    """Parse a duration, such as `20ms`, `90s` or `5m`; returns seconds.

    Raises:
        UsageError: the text is not a duration, has no unit, or is out of range.
    """
    return checked_duration(_parsed(text, "duration", TIMES, TIME_EXAMPLE), repr(text))


def parse_delay(text: str) -> float:
    """Parse a delay, such as `2ms`, or `0` with or without a unit; returns seconds.

    Raises:
        UsageError: the text is not a duration, has no unit, or is out of range.
    """
    match = _NUMBER.fullmatch(text)
    if match is not None and float(match[1]) == 0 and match[2] in {"", *TIMES}:
        return 0.0
    return parse_duration(text)


def duration_s(value: object) -> float:
    """Return the seconds of a duration from Python: a text such as `20ms`, or a `datetime.timedelta`.

    Raises:
        UsageError: the value is neither, has no unit, or is out of range.
    """
    if isinstance(value, timedelta):
        return checked_duration(value.total_seconds(), f"A duration of {value}")
    if isinstance(value, str):
        return parse_duration(value)
    raise UsageError(f"{value!r} has no unit; write for example {TIME_EXAMPLE} as a text, or a datetime.timedelta.")


def delay_s(value: object) -> float:
    """Return the seconds of a delay from Python: a duration as in `duration_s`, or `"0"` or a zero `timedelta`.

    Raises:
        UsageError: the value is none of these, has no unit, or is out of range.
    """
    if isinstance(value, timedelta) and not value:
        return 0.0
    return parse_delay(value) if isinstance(value, str) else duration_s(value)


def parse_size(text: str) -> int:
    """Parse a size, such as `1500MiB` or `4GB`; returns bytes.

    Raises:
        UsageError: the text is not a size, has no unit, or is out of range.
    """
    size = _parsed(text, "size", SIZES, SIZE_EXAMPLE)
    # Checked before it is rounded: an infinite size cannot be.
    return round(checked_size(size, repr(text)))


def parse_share(text: str) -> float:
    """Parse a percentage, such as `5%` or `2.5 %`; returns a share between 0 and 1.

    Raises:
        UsageError: the text is not a percentage, or not between 0 % and 100 %.
    """
    match = _PERCENTAGE.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is not a percentage; write for example 5%.")
    share = float(match[1]) / 100
    if not 0 < share < 1:
        raise UsageError(f"{text!r} must lie between 0 % and 100 %.")
    return share


def parse_rate(text: str) -> float:
    """Parse a rate, such as `200/s`, `200`, `12k/min` or `1M/day`; returns a number per second, which is the default unit.

    Raises:
        UsageError: the text is not a rate, or is out of range.
    """
    match = _RATE.fullmatch(text)
    if match is None or match[2] not in _MULTIPLES:
        raise UsageError(f"{text!r} is not a rate; write for example {RATE_EXAMPLE}.")
    unit = match[3] or "s"
    if unit not in RATES:
        raise UsageError(f"{unit!r} is not a unit of time in a rate; use one of {', '.join(RATES)}.")
    return checked_rate(float(match[1]) * _MULTIPLES[match[2]] / RATES[unit], repr(text))


def checked_rate(rate: float, shown: str) -> float:
    """Return a rate after checking its range.

    Args:
        rate: per second.
        shown: what was typed, for the message.

    Raises:
        UsageError: the rate is less than one per year, or more than a billion per second.
    """
    if not 1 / LONGEST_S <= rate <= FASTEST:
        raise UsageError(f"{shown} is not a possible rate; give more than 0 and at most {FASTEST:g} a second.")
    return rate


def cache_limit() -> int:
    """Return the largest size of the cache of converted models in bytes, from the environment or by default.

    Raises:
        UsageError: the variable does not contain a size.
    """
    text = os.environ.get(LIMIT_VARIABLE) or DEFAULT_LIMIT
    try:
        return parse_size(text)
    except UsageError as error:
        raise UsageError(f"{LIMIT_VARIABLE}: {error}") from None


def checked_duration(seconds: float, shown: str) -> float:
    """Return a duration in seconds after checking its range.

    Args:
        seconds: any number.
        shown: what was typed, for the message.

    Raises:
        UsageError: it is less than a nanosecond, or more than a year.
    """
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise UsageError(f"{shown} is not a valid duration; give 1 ns to 8784 h (a year).")
    return seconds


def checked_size(size: float, shown: str) -> float:
    """Return a size in bytes after checking its range.

    Args:
        size: any number.
        shown: what was typed, for the message.

    Raises:
        UsageError: it is less than one byte, or more than 1024 TiB.
    """
    if not 1 <= size <= LARGEST_SIZE:
        raise UsageError(f"{shown} is not a valid size; give 1 B to 1024 TiB.")
    return size


def _parsed(text: str, noun: str, units: Mapping[str, float], example: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is not a {noun}; write for example {example}.")
    if not match[2]:
        raise UsageError(f"{text!r} has no unit; write for example {example}.")
    if match[2] not in units:
        raise UsageError(f"{match[2]!r} is not a unit of {noun}; use one of {', '.join(units)}.")
    number = float(match[1]) * units[match[2]]
    if number <= 0:
        raise UsageError(f"{text!r} must be above zero.")
    return number
