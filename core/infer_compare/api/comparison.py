"""Two runs held against each other, as a person at a notebook has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare import api
from infer_compare.api.answer import Answer, table_html
from infer_compare.api.result import Result
from infer_compare.report.comparison import FORMATS, ComparisonDocument
from infer_compare.results import Run
from infer_compare.stats.wording import ratio
from infer_compare.verdicts.protocol import MARGIN

if TYPE_CHECKING:
    import os

    from infer_compare.verdicts.unpaired import PointComparison

    AnyRun = Result | Run | str | os.PathLike[str]

COLUMNS = ("contender", "batch", "ratio, new over base", "95 % interval", "verdict")


def compare(
    base: AnyRun,
    new: AnyRun,
    *,
    margin: float = MARGIN,
    across_conditions: bool = False,
    loss: float | None = None,
) -> Comparison:
    """Return what two runs of one model say about each other, contender by contender and size by size.

    Args:
        base: the run that counts as 1: a result, a record of `load`, or the path of a run folder; it may be incomplete.
        new: the run that is held against it.
        margin: relative difference within which throughputs count as the same.
        across_conditions: give verdicts although conditions of the two differ.
        loss: the relative loss of throughput beyond which `regression` is true, where it is proven; `untested` says why,
            where nothing could be tested, or not the best contender of the base.

    Raises:
        UsageError: the runs are of different models, or nothing was measured in both.
        StoreError: there is no run at a path, or it cannot be read.
    """
    document = api.compare(_run(base), _run(new), margin=margin, across_conditions=across_conditions, loss=loss)
    return Comparison(document)


class Comparison(Answer[ComparisonDocument]):
    """What two runs say about each other. Made by `compare`; nothing in it changes."""

    def __init__(self, document: ComparisonDocument) -> None:
        """Keeps the document.

        Args:
            document: what every format of a comparison is made of.
        """
        super().__init__(document, FORMATS)

    @property
    def headline(self) -> str:
        """The verdicts at the best sizes, in one sentence."""
        return self.document.headline

    @property
    def regression(self) -> bool:
        """Whether a loss beyond `loss` is proven."""
        return self.document.regression

    @property
    def untested(self) -> str:
        """Why the loss could not be tested; empty where it was."""
        return self.document.untested

    @property
    def points(self) -> tuple[PointComparison, ...]:
        """The verdict of every contender at every size that both runs measured."""
        return self.document.comparison.points

    def __repr__(self) -> str:
        base, new = self.document.base.run_id, self.document.new.run_id
        return f"<Comparison of {self.document.model.name}, {new} against {base}: {self.headline}>"

    def _repr_html_(self) -> str:
        """The headline and a table, as notebooks show it."""
        rows = map(_cells, self.points)
        return table_html(self.document.model.name, self.headline, COLUMNS, rows, self.document.notes)


def _cells(compared: PointComparison) -> tuple[str, ...]:
    estimate = compared.ratio
    known = estimate.low is not None and estimate.high is not None
    return (
        compared.name,
        str(compared.point).removeprefix("batch "),
        ratio(estimate.ratio),
        f"{ratio(estimate.low or 0)} to {ratio(estimate.high or 0)}" if known else "",
        compared.verdict.value,
    )


def _run(run: AnyRun) -> Run:
    if isinstance(run, Result):
        return run.run
    return run if isinstance(run, Run) else api.load_run(Path(run))
