"""`infer-compare check`: compares the outputs of contenders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON, DEBUG
from infer_compare.cli.installed import installed
from infer_compare.cli.options import GroupedCommand, given_by, options_of

if TYPE_CHECKING:
    from infer_compare.report import ReportDocument
    from infer_compare.results import Run

BATCH_SIZES = "1,3,16"
REMARKS = ("rows", "power")
"""Topics of notes that are printed and do not change the exit code."""


@click.command("check", cls=GroupedCommand, output=("as_json",))
@options_of(
    "check",
    batch_sizes={"help": "Batch sizes: 1,2,4 or 1:64:x2.", "default": BATCH_SIZES},
    seed={"help": "Seed for weights and inputs."},
    rtol={"help": "Tolerance, relative to how far the inputs move the outputs."},
    timeout={"help": "Time limit for one reply."},
)
@AS_JSON
@DEBUG
@click.pass_context
def command(context: click.Context, /, *, as_json: bool, debug: bool, **_asked: Any) -> int:  # noqa: ANN401, ARG001 - `given_by` reads the rest from the context; debug is read before parsing
    """Compare the outputs of MODEL on several frameworks, without measuring time.

    Exit codes: 0 all agree; 1 a contender differs, could not be compared or could not run; 2 usage error; 3 no usable
    backend.
    """
    from infer_compare import api
    from infer_compare.cli.progress import progress
    from infer_compare.report import document
    from infer_compare.request.reading import complete
    from infer_compare.request.sizes import parse_batch_sizes

    plugins = installed(context.obj)
    given = given_by(context, plugins)
    options = complete({**given, "batch_sizes": given.get("batch_sizes") or parse_batch_sizes(BATCH_SIZES)})
    with progress(quiet=as_json, verbose=False) as observer:
        run = api.check(options, plugins=plugins, observer=observer)
    made = untimed(document(run, explorable=False))
    if as_json:
        facts = {
            "schema": "infer-compare/check",
            "version": (1, 0),
            "model": made.model,
            "contenders": made.contenders,
            "agreements": made.agreements,
            "failures": made.failures,
            "shortcomings": shortcomings(run, made),
            "notes": remarks(run, made),
        }
        stdout.document(facts)
    else:
        _print(run, made, remarks(run, made))
    return 1 if shortcomings(run, made) else 0


def untimed(made: ReportDocument) -> ReportDocument:
    """Return the document without the failures that only report that nothing was timed."""
    import msgspec

    failures = tuple(failure for failure in made.failures if failure.outcome != "measured")
    return msgspec.structs.replace(made, failures=failures)


def shortcomings(run: Run, made: ReportDocument) -> tuple[str, ...]:
    """Return what failed, differs or could not be compared, in sentences."""
    return (*(failure.sentence for failure in made.failures if failure.unanswered), *disagreements(run, made))


def disagreements(run: Run, made: ReportDocument) -> tuple[str, ...]:
    """Return the contenders whose outputs do not agree or could not be compared, in sentences."""
    return tuple(
        f"{item.contender} differs from {'itself' if item.contender == item.reference else item.reference} at {item.point}: {item.reason}"
        if item.verdict == "differs"
        else f"{item.contender} could not be compared at {item.point}: {item.reason}"
        for item in made.agreements
        if item.verdict != "agrees" and run.deviates(item.contender) is None
    )


def remarks(run: Run, made: ReportDocument) -> tuple[str, ...]:
    """Return further remarks on the outputs: allowed errors, rows of batches, and the sensitivity of the comparison."""
    from infer_compare.report.sentences.cautions import coupled, deviating
    from infer_compare.report.words import plain

    return tuple(
        plain(text)
        for text in (*deviating(run), *coupled(run), *(note.text for note in made.notes if note.topic in REMARKS))
    )


def _print(run: Run, made: ReportDocument, notes: tuple[str, ...]) -> None:
    from infer_compare.report.sections import View, agreement, failures
    from infer_compare.report.terminal.writer import renderables

    console = stdout.console(highlight=False)
    console.print(f"{made.model.name} ({made.model.format}, {made.model.sha256[:12]})", markup=False)
    for contender in made.contenders:
        if contender.chain:
            console.print(f"  {contender.label}: {' -> '.join(contender.chain)}", markup=False)
    # Each failure and each disagreement is said once.
    view = View(document=made)
    sections = (agreement(view, reasons=False), failures(view))
    for part in renderables(section for section in sections if section is not None):
        console.print(part)
    for text in (*disagreements(run, made), *(f"note: {note}" for note in notes)):
        console.print(text, markup=False)
    if shortcomings(run, made):
        return
    if all(item.contender == item.reference for item in made.agreements):
        label = ", ".join(contender.label for contender in made.contenders)
        console.print(f"{label} has nothing to be compared with; name more contenders with --backends.", markup=False)
    else:
        allowed = any(run.deviates(label) for label in run.labels)
        console.print("All outputs agree within the errors that are allowed." if allowed else "All outputs agree.")
