"""Comparing contenders and recommending the best: pure functions of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.lazy import lazily

if TYPE_CHECKING:
    from infer_compare.verdicts.answer import Answer
    from infer_compare.verdicts.best import Best
    from infer_compare.verdicts.bound import BoundAnswer, BoundCheck, with_latency_bound
    from infer_compare.verdicts.exclusions import Exclusion
    from infer_compare.verdicts.figures import Figures
    from infer_compare.verdicts.looks import Verdict, settled
    from infer_compare.verdicts.output_errors import deviations, output_error
    from infer_compare.verdicts.pairs import PairVerdict, Side
    from infer_compare.verdicts.ratios import Comparison
    from infer_compare.verdicts.settle import Settlement, settlement
    from infer_compare.verdicts.summary import ContenderShape, Summary, summarise
    from infer_compare.verdicts.verdict import compare_points

__all__ = [
    "Answer",
    "Best",
    "BoundAnswer",
    "BoundCheck",
    "Comparison",
    "ContenderShape",
    "Exclusion",
    "Figures",
    "PairVerdict",
    "Settlement",
    "Side",
    "Summary",
    "Verdict",
    "compare_points",
    "deviations",
    "output_error",
    "settled",
    "settlement",
    "summarise",
    "with_latency_bound",
]

# Imported lazily: a worker needs only the thresholds of the protocol.
__getattr__ = lazily(
    __name__,
    {
        "Answer": "infer_compare.verdicts.answer",
        "Best": "infer_compare.verdicts.best",
        "BoundAnswer": "infer_compare.verdicts.bound",
        "BoundCheck": "infer_compare.verdicts.bound",
        "Comparison": "infer_compare.verdicts.ratios",
        "ContenderShape": "infer_compare.verdicts.summary",
        "Exclusion": "infer_compare.verdicts.exclusions",
        "Figures": "infer_compare.verdicts.figures",
        "PairVerdict": "infer_compare.verdicts.pairs",
        "Settlement": "infer_compare.verdicts.settle",
        "Side": "infer_compare.verdicts.pairs",
        "Summary": "infer_compare.verdicts.summary",
        "Verdict": "infer_compare.verdicts.looks",
        "compare_points": "infer_compare.verdicts.verdict",
        "deviations": "infer_compare.verdicts.output_errors",
        "output_error": "infer_compare.verdicts.output_errors",
        "settled": "infer_compare.verdicts.looks",
        "settlement": "infer_compare.verdicts.settle",
        "summarise": "infer_compare.verdicts.summary",
        "with_latency_bound": "infer_compare.verdicts.bound",
    },
)
