"""Records of timing: rounds of slices, and the warm-ups before them."""

from __future__ import annotations

from typing import Literal

import msgspec

from infer_compare.interfaces.bounds import Count, Duration, Nanoseconds
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.record import Record
from infer_compare.results.slices import Slice


class WarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker reached its steady state at an operating point."""

    contender: str
    point: OperatingPoint
    prepare_ns: Nanoseconds
    first_call_ns: Nanoseconds
    calls: Count
    total_ns: Nanoseconds
    latency_ns: Duration
    """Median of the last window."""
    steady: bool
    compilations: Count | None = None
    settled: bool = False
    """Whether its first calls were as fast as its last ones; workers of later restarts then warm up briefly."""


class Round(Record, frozen=True, kw_only=True, tag="round"):
    """Slices of all contenders at one operating point, in one order and then in its reverse."""

    phase: Literal["measure", "confirm", "sustain"] = "measure"
    restart: Count
    """From 1."""
    index: Count
    """Within the run."""
    repetition: Count = msgspec.field(default=0, name="lap")
    """The number of this round within its phase, operating point and restart, from 0."""
    point: OperatingPoint
    order: tuple[str, ...]
    slices: tuple[Slice, ...]
    clean: bool
    """Whether every slice passed the gate."""
    warm_ups: tuple[WarmUp, ...] = ()
    """The warm-ups before this round."""
