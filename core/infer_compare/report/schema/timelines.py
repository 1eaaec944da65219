"""The calls of points in order of time."""

from __future__ import annotations

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part


class CallSlice(Part, frozen=True, kw_only=True):
    """Calls of one slice."""

    restart: int
    rejected: bool
    calls_ns: tuple[int, ...]
    """Durations in order of time; means of blocks of calls if a stamp covers several calls."""


class Timeline(Part, frozen=True, kw_only=True):
    """The calls of one point in order of time; some may be omitted."""

    contender: str
    point: OperatingPoint
    calls: int
    """Number of calls, including omitted ones."""
    slices: tuple[CallSlice, ...]
