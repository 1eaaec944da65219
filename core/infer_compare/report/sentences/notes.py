"""The notes of a report: warnings about the figures, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.sentences.cautions import rows_notes
from infer_compare.report.sentences.flags import flag_notes
from infer_compare.results import Note
from infer_compare.stats.wording import count, listing, significant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.results import Point, Run
    from infer_compare.verdicts.figures import Figures


def derive_notes(run: Run, points: Iterable[Point], figures: Sequence[Figures]) -> tuple[Note, ...]:
    """Return the notes recorded by the run, then those derived from its records and figures."""
    derived = (
        *_damage(run),
        *_ending(run),
        *_conditions(run),
        *_models(run),
        *rows_notes(run),
        *_budgets(run, points),
        *flag_notes(run.labels, figures),
        *_verdicts(run),
    )
    return (*run.notes, *derived)


def _damage(run: Run) -> Iterable[Note]:
    if run.damage:
        text = f"the run file is damaged: {'; '.join(run.damage)}; these lines are missing from this report"
        yield Note(topic="damaged", text=text)


def _ending(run: Run) -> Iterable[Note]:
    if run.closing is None:
        yield Note(topic="interrupted", text="the run was interrupted; this is what it had recorded until then")
    elif run.closing.state != "complete":
        why = f": {run.closing.reason}" if run.closing.reason else ""
        yield Note(topic=run.closing.state, text=f"the run was {run.closing.state} before its end{why}")


def _conditions(run: Run) -> Iterable[Note]:
    if not run.header.environment.schedstat:
        yield Note(
            topic="contention",
            text="this platform does not record how long threads waited for a processor; other processes may have slowed "
            "a contender unnoticed",
        )


def _models(run: Run) -> Iterable[Note]:
    for label in run.labels:
        start = run.start(label)
        if start is not None and start.provenance == "imported":
            importer = f" by {start.importer}" if start.importer else ""
            yield Note(
                topic="imported",
                text=f"{label} was rebuilt from the {run.header.model.format.upper()} graph{importer}; a native {label} model may be "
                "faster or slower",
            )


def _budgets(run: Run, points: Iterable[Point]) -> Iterable[Note]:
    excess: dict[str, list[str]] = {}
    for point in points:
        if point.excess_cores is not None:
            excess.setdefault(point.contender, []).append(f"{point.point} ({significant(point.excess_cores, 2)} cores)")
    for label, where in excess.items():
        text = (
            f"{label} exceeds its budget of {count(run.header.budget_of(label), 'thread')} at {listing(where)}: these points are not ranked, and a "
            "quieter machine would not change that"
        )
        yield Note(topic="threads", text=text)


def _verdicts(run: Run) -> Iterable[Note]:
    if len(run.labels) > 1:
        yield Note(
            topic="unadjusted",
            text="per-batch verdicts are not corrected for multiple comparisons between contenders; those of the best "
            "sizes are",
        )
