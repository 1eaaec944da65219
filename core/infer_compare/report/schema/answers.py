"""The answer for one setting of the axes other than the batch."""

from __future__ import annotations

from infer_compare.report.schema.part import Part
from infer_compare.report.schema.variants import PrecisionGain, SplitReport
from infer_compare.verdicts import Answer, BoundCheck
from infer_compare.verdicts.quality import Quality


class UnderBound(Part, frozen=True, kw_only=True):
    """One contender under a latency bound."""

    contender: str
    name: str
    best: BoundCheck | None
    """The highest throughput among the sizes proven to keep the bound; None without such a size."""
    largest: BoundCheck | None
    behind: float | None
    """Throughput of the best of all contenders over that of this contender, an estimate without an interval."""


class AnswerReport(Part, frozen=True, kw_only=True):
    """The answer for one setting of the axes other than the batch, in words and in figures."""

    headline: str
    """What to do, in one sentence."""
    estimate: bool
    """Whether the headline is not confirmed by a verdict; it then says so."""
    sentences: tuple[str, ...]
    """The reasons for the headline."""
    answer: Answer
    quality: Quality | None = None
    """How reliable the headline is."""
    under_bound: tuple[UnderBound, ...]
    """By contender; empty without a latency bound."""
    gains: tuple[PrecisionGain, ...] = ()
    """The gains of lower precisions, if the largest batches were searched for."""
    splits: tuple[SplitReport, ...] = ()
    """The splits of the cores, by backend."""
