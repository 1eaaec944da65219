"""Two contenders at their operating points, and what is said of one against the other."""

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
    """Which of two contenders cannot be compared, and why."""

    name: str
    obstacle: AnyObstacle


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two that are compared."""

    label: str
    name: str
    """What sentences call it: `torch (imported)` where the model is imported."""
    point: OperatingPoint


class PairVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of A against B. Figures are ratios of throughputs, A over B."""

    a: Side
    b: Side
    verdict: Verdict
    margin: float
    comparison: Comparison | None = None
    """None where no clean rounds of both exist."""
    settled_after: int | None = None
    """Restarts after which the verdict stood."""
    adjusted_p: float | None = None
    """By Holm's method over the headline verdicts; None in the table, whose verdicts share the error over sizes."""
    hindered: Hindered | None = None
    """Why nothing can be compared (INVALID)."""
    withheld: Withheld | None = None
    """Why there is no verdict, and what could give one (INCONCLUSIVE)."""
    reason: str = ""
    """The same in words, which a report fills in."""

    @property
    def leans(self) -> bool:
        """Whether an inconclusive ratio exceeds the margin and its interval leaves 1 out: more than 95 % is asked for."""
        found = self.comparison
        if self.verdict is not Verdict.INCONCLUSIVE or found is None or found.includes(1.0):
            return False
        return not 1 / (1 + self.margin) <= found.ratio <= 1 + self.margin

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
    """The contender at that point, by the name that sentences may use for it."""
    return Side(label=label, name=run.name(label), point=point)
