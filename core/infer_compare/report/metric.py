"""A figure of a point: its column in files, its title in tables, and how a cell writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.report.schema import ContenderReport, PointReport, ReportDocument

Value = str | int | float | bool | None
Kind = Literal["text", "integer", "number", "truth"]
TableName = Literal["best", "curves", "verbose", "throughput", "latency", "memory", "device-memory"]
"""Each contender's best; the curves in a terminal, and what they have more with -v; the tables of the other formats."""


class Place(NamedTuple):
    """A point with what it belongs to."""

    document: ReportDocument
    contender: ContenderReport
    point: PointReport


class Metric(NamedTuple):
    """A figure of a point."""

    name: str
    """Of its column in files; its unit at the end."""
    kind: Kind
    read: Callable[[Place], Value]
    description: str
    title: str = ""
    """In tables, without its unit."""
    unit: str = ""
    brief: str = ""
    """The title with the unit in the narrow columns of the curves, where it is another."""
    write: Callable[[Any], str] = str
    """How a cell writes a value."""
    tables: tuple[TableName, ...] = ()
    rough: Callable[[Place], float] | None = None
    """An estimate from exploring, where there are no figures."""
    ranked: bool = False
    """Whether it is what contenders are ranked by: it bears the marks of the point."""

    @property
    def column(self) -> str:
        """The title with the unit."""
        return f"{self.title} {self.unit}".strip()

    @property
    def heading(self) -> str:
        """The same as the beginning of a sentence."""
        return f"{self.column[:1].upper()}{self.column[1:]}"
