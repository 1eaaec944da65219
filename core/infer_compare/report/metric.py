"""The description of a figure of a point: its column in files, its title in tables, and its formatting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.report.schema import ContenderReport, PointReport, ReportDocument

Value = str | int | float | bool | None
Kind = Literal["text", "integer", "number", "truth"]
TableName = Literal["best", "curves", "verbose", "throughput", "latency", "memory", "device-memory"]
"""`best`: each contender's best; `curves` and `verbose`: the curves in a terminal, without and with -v; the others: tables
of the other formats."""


class Place(NamedTuple):
    """A point with its contender and its document."""

    document: ReportDocument
    contender: ContenderReport
    point: PointReport


class Metric(NamedTuple):
    """A figure of a point."""

    name: str
    """The name of its column in files, ending in its unit."""
    kind: Kind
    read: Callable[[Place], Value]
    description: str
    title: str = ""
    """The title in tables, without its unit."""
    unit: str = ""
    brief: str = ""
    """The title with unit in the narrow columns of the curves, if it differs."""
    write: Callable[[Any], str] = str
    """Formats a value for a cell."""
    tables: tuple[TableName, ...] = ()
    rough: Callable[[Place], float] | None = None
    """Reads an estimate from exploring, for points without figures."""
    ranked: bool = False
    """Whether contenders are ranked by this figure; its cell shows the marks of the point."""

    @property
    def column(self) -> str:
        """The title with the unit."""
        return f"{self.title} {self.unit}".strip()

    @property
    def heading(self) -> str:
        """The title with the unit, capitalised."""
        return f"{self.column[:1].upper()}{self.column[1:]}"
