"""Comparison of contenders and recommendation: pure functions of a run."""

from infer_compare.verdicts.answer import Answer
from infer_compare.verdicts.best import Best
from infer_compare.verdicts.bound import BoundAnswer, BoundCheck, with_latency_bound
from infer_compare.verdicts.exclusions import Excluded
from infer_compare.verdicts.figures import Figures
from infer_compare.verdicts.ratios import Comparison
from infer_compare.verdicts.settle import Settlement, Verdict, settled, settlement
from infer_compare.verdicts.summary import ContenderShape, Summary, summarise
from infer_compare.verdicts.verdict import PairVerdict, Side, compare_points

__all__ = [
    "Answer",
    "Best",
    "BoundAnswer",
    "BoundCheck",
    "Comparison",
    "ContenderShape",
    "Excluded",
    "Figures",
    "PairVerdict",
    "Settlement",
    "Side",
    "Summary",
    "Verdict",
    "compare_points",
    "settled",
    "settlement",
    "summarise",
    "with_latency_bound",
]
