"""Makes the report document of a complete or incomplete run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.across import across
from infer_compare.report.agreements import agreements
from infer_compare.report.answers import answers
from infer_compare.report.contenders import contenders
from infer_compare.report.curves import curves
from infer_compare.report.failures import failures
from infer_compare.report.noise import noise
from infer_compare.report.plan import plan_report
from infer_compare.report.schema import ReportDocument
from infer_compare.report.sentences.cautions import cautions
from infer_compare.report.sentences.exclusions import excluded
from infer_compare.report.sentences.names import Names
from infer_compare.report.sentences.notes import derive_notes
from infer_compare.report.sentences.verdicts import spoken
from infer_compare.report.shortcomings import shortcomings, state_of
from infer_compare.report.timelines import timelines
from infer_compare.report.tuning import tuning
from infer_compare.report.words import plain, shell_line, without_folder
from infer_compare.verdicts import summarise
from infer_compare.verdicts.new_shapes import costly_shapes, new_shape_ns

if TYPE_CHECKING:
    from infer_compare.results import Run


def document(run: Run, *, explorable: bool = True) -> ReportDocument:
    """Return the report document: derived figures, verdicts and answers, without raw stamps.

    Args:
        run: the run.
        explorable: whether to compute the latency bounds that each point keeps, and its calls. Only the page and JSON show
            these, and they take as long as the rest.
    """
    summary = summarise(run, every_bound=explorable)
    names = Names(run, summary)
    points = run.points
    shapes = new_shape_ns(run)
    lines = curves(run, points, summary, shapes)
    failed = failures(run, points)
    header = run.header
    answered = answers(run, summary, names)
    return ReportDocument(
        run_id=header.run_id,
        created=header.created,
        command=header.command,
        repeat=shell_line(without_folder(header.command)),
        state=state_of(run),
        reason=run.closing.reason if run.closing is not None else "",
        elapsed_s=run.closing.elapsed_s if run.closing is not None else None,
        model=header.model,
        plan=plan_report(header),
        environment=header.environment,
        contenders=contenders(run),
        answers=answered,
        across=across(run, summary, answered),
        curves=lines,
        pairs=spoken(names.in_pairs(summary.pairs)),
        new_shapes=costly_shapes(run, shapes),
        failures=failed,
        agreements=agreements(run),
        excluded=excluded(summary.excluded),
        cautions=tuple(map(plain, cautions(run))),
        noise=noise(run),
        notes=derive_notes(run, points, summary.figures),
        warnings=header.environment.warnings,
        shortcomings=shortcomings(run, summary, failed),
        metrics=header.metrics,
        tuning=tuning(run, points, summary),
        timelines=timelines(run) if explorable else (),
    )
