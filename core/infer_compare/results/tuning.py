"""Records of a race besides its figures: dropped contenders, and how to use the winner."""

from __future__ import annotations

from typing import Literal

from infer_compare.interfaces.bounds import Count, Quantity
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.record import Record

DropReason = Literal["slower", "untried", "latency", "error", "time"]
"""Why a contender was dropped: `slower`, it cannot be the fastest; `untried`, the contender of which it is a variant is too slow;
`latency`, it cannot keep the latency bound; `error`, its output error is too large; `time`, no time was left for it."""


class Dropped(Record, frozen=True, kw_only=True, tag="dropped"):
    """A contender that was dropped from a race, and why."""

    contender: str
    restart: Count
    """The restart after which it was dropped; 0 before the first."""
    reason: DropReason
    against: str = ""
    """The contender that it cannot beat."""
    at_most: Quantity | None = None
    """Upper bound of its throughput relative to that of `against`; below 1."""
    error: Quantity | None = None
    """Its output error, if that is too large."""
    latency_ns: Quantity | None = None
    """Lower bound of its latency, if that is above the latency bound."""


class Recipe(Record, frozen=True, kw_only=True, tag="recipe"):
    """How to use the configuration that won."""

    contender: str
    point: OperatingPoint
    typed: str
    """The contender as typed after `-b`."""
    code: str = ""
    """Python code that runs the contender in a program; empty if its backend has none."""
    file: str = ""
    """The model file that the code reads."""
    kept: bool = False
    """Whether that file is in the run folder; otherwise it is the user's file."""
