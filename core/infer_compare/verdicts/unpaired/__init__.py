"""Comparing two stored runs, whose rounds are not paired and whose conditions may differ."""

from infer_compare.verdicts.unpaired.comparison import Missing, RunComparison, compare_runs
from infer_compare.verdicts.unpaired.conditions import Condition
from infer_compare.verdicts.unpaired.guard import Guard, Guarded, Lost
from infer_compare.verdicts.unpaired.points import PointComparison, PointSide
from infer_compare.verdicts.unpaired.ratio import UnpairedRatio

__all__ = [
    "Condition",
    "Guard",
    "Guarded",
    "Lost",
    "Missing",
    "PointComparison",
    "PointSide",
    "RunComparison",
    "UnpairedRatio",
    "compare_runs",
]
