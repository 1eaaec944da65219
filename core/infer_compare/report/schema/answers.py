"""The answer for one setting of the axes other than the batch."""

from __future__ import annotations

from infer_compare.report.schema.part import Part
from infer_compare.report.schema.variants import PrecisionGain, SplitReport
from infer_compare.verdicts import Answer, BoundCheck
from infer_compare.verdicts.quality import Quality


class UnderBound(Part, frozen=True, kw_only=True):
    """What a latency bound leaves of one contender."""

    contender: str
    name: str
    best: BoundCheck | None
    """The highest throughput among the sizes shown to keep the bound; None where none is."""
    largest: BoundCheck | None
    behind: float | None
    """Throughput of the best of all contenders over that of this one: an estimate without an interval."""


class AnswerReport(Part, frozen=True, kw_only=True):
    """The answer for one setting of the axes other than the batch, in words and in figures."""

    headline: str
    """What to do, in one sentence."""
    estimate: bool
    """Whether no verdict carries it; the headline then says so."""
    sentences: tuple[str, ...]
    """Why, and how sure that is."""
    answer: Answer
    quality: Quality | None = None
    """How far the headline can be relied on."""
    under_bound: tuple[UnderBound, ...]
    """By contender; empty where no latency bound was asked for."""
    gains: tuple[PrecisionGain, ...] = ()
    """What lower precisions bring, where the largest batches were searched for."""
    splits: tuple[SplitReport, ...] = ()
    """How the cores can be split, by backend."""
