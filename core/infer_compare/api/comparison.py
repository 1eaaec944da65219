"""Two runs held against each other, as a person at a notebook has it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare import api
from infer_compare.api.result import Result
from infer_compare.report.comparison.formats import FORMATS
from infer_compare.report.files import write_report
from infer_compare.results import Run
from infer_compare.stats.wording import ratio
from infer_compare.verdicts.protocol import MARGIN

if TYPE_CHECKING:
    import os

    from infer_compare.report.comparison import ComparisonDocument
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


class Comparison:
    """What two runs say about each other. Made by `compare`; nothing in it changes."""

    def __init__(self, document: ComparisonDocument) -> None:
        """Keeps the document.

        Args:
            document: what every format of a comparison is made of.
        """
        self.document = document
        """What every format of a comparison is made of."""

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

    def save(self, path: str | Path, format: str | None = None, *, force: bool = False) -> Path:  # noqa: A002 - as `--format`
        """Writes the comparison.

        Args:
            path: of the file.
            format: `text`, `markdown`, `html` or `json`; after the ending of the path when None.
            force: replace a file that is there.

        Raises:
            UsageError: there is no such format, the suffix of the file names none, or the file is there or cannot be written.
        """
        place = Path(path)
        write_report(place, FORMATS.of_file(place, format).render(self.document), force=force)
        return place

    def __str__(self) -> str:
        """The comparison as text."""
        return FORMATS.render("text", self.document)

    def __repr__(self) -> str:
        base, new = self.document.base.run_id, self.document.new.run_id
        return f"<Comparison of {self.document.model.name}, {new} against {base}: {self.headline}>"

    def _repr_html_(self) -> str:
        """The headline and a table, as notebooks show it."""
        head = "".join(f"<th>{name}</th>" for name in COLUMNS)
        rows = "".join(_row(one) for one in self.points)
        notes = "".join(f"<p><small>{escape(note)}</small></p>" for note in self.document.notes)
        title = f"<p><strong>{escape(self.document.model.name)}</strong>: {escape(self.headline)}</p>"
        return f"<div>{title}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}</div>"


def _row(one: PointComparison) -> str:
    found = one.ratio
    known = found.low is not None and found.high is not None
    cells = (
        one.name,
        str(one.point).removeprefix("batch "),
        ratio(found.ratio),
        f"{ratio(found.low or 0)} to {ratio(found.high or 0)}" if known else "",
        one.verdict.value,
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _run(run: AnyRun) -> Run:
    if isinstance(run, Result):
        return run.run
    return run if isinstance(run, Run) else api.load_run(Path(run))
