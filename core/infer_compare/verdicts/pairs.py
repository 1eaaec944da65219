"""Verdicts on pairs of contenders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.obstacles import AnyObstacle
from infer_compare.verdicts.ratios import Comparison
from infer_compare.verdicts.withheld import Withheld

if TYPE_CHECKING:
    from infer_compare.results import Run


class Hindered(msgspec.Struct, frozen=True, kw_only=True):
    """The contender of a pair that cannot be compared, and why."""

    name: str
    obstacle: AnyObstacle


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two compared contenders, at its operating point."""

    label: str
    name: str
    """Its name in texts: `torch (imported)` if the model is imported."""
    point: OperatingPoint


class PairVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on A compared with B. Figures are ratios of throughputs, A over B."""

    a: Side
    b: Side
    verdict: Verdict
    margin: float
    comparison: Comparison | None = None
    """None without clean rounds of both."""
    settled_after: int | None = None
    """Number of restarts after which the verdict was settled."""
    adjusted_p: float | None = None
    """By Holm's method over the headline verdicts; None in the table, whose verdicts share the error over sizes."""
    hindered: Hindered | None = None
    """Why they cannot be compared (INVALID)."""
    withheld: Withheld | None = None
    """Why there is no verdict, and what could lead to one (INCONCLUSIVE)."""
    reason: str = ""
    """Either of these in words; filled in by a report."""

    @property
    def leans(self) -> bool:
        """Whether an inconclusive ratio exceeds the margin and its 95 % interval excludes 1, which is not enough for a verdict."""
        comparison = self.comparison
        if self.verdict is not Verdict.INCONCLUSIVE or comparison is None or comparison.includes(1.0):
            return False
        return not 1 / (1 + self.margin) <= comparison.ratio <= 1 + self.margin

    def turned(self) -> PairVerdict:
        """Return the same verdict with the sides exchanged."""
        return msgspec.structs.replace(
            self,
            a=self.b,
            b=self.a,
            verdict=_TURNED.get(self.verdict, self.verdict),
            comparison=self.comparison.turned() if self.comparison is not None else None,
        )


_TURNED = {Verdict.FASTER: Verdict.SLOWER, Verdict.SLOWER: Verdict.FASTER}


def side(run: Run, label: str, point: OperatingPoint) -> Side:
    """Return a contender at a point as a side of a comparison, with its name in texts."""
    return Side(label=label, name=run.name(label), point=point)
