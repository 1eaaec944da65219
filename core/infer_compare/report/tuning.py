"""The results of a search for the fastest configuration, for the report document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.schema.tuning import DroppedReport, RecipeReport, Tuning
from infer_compare.report.sentences.drops import drop_words
from infer_compare.report.words import plain
from infer_compare.verdicts.measurements import Candidate
from infer_compare.verdicts.pareto import choices, front

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.results import Point, Run
    from infer_compare.verdicts import Summary


def tuning(run: Run, points: Iterable[Point], summary: Summary) -> Tuning | None:
    """Return the results of a search besides its ranking; None for other runs."""
    if not run.header.options.race:
        return None
    out = {exclusion.contender for exclusion in summary.excluded}
    table = {Candidate(figures.contender, figures.point): figures for figures in summary.figures}
    ranked = (point for point in points if point.contender not in out)
    recipe = run.recipe
    return Tuning(
        front=front(choices(run, ranked, table)),
        dropped=tuple(
            DroppedReport(
                contender=record.contender,
                restart=record.restart,
                reason=record.reason,
                sentence=plain(drop_words(record)),
            )
            for record in run.dropped
        ),
        recipe=None
        if recipe is None
        else RecipeReport(
            contender=recipe.contender,
            point=recipe.point,
            typed=recipe.typed,
            code=recipe.code,
            file=recipe.file,
            kept=recipe.kept,
        ),
    )
