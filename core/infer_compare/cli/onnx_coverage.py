"""`infer-compare plugin check NAME --onnx`: tests which ONNX operators a backend computes correctly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.cli import stdout
from infer_compare.cli.check_progress import progress
from infer_compare.cli.check_report import INDENT, console_width, wrapped
from infer_compare.errors import BackendUnusable, UsageError
from infer_compare.foreign import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from infer_compare.testing.conformance import Subject
    from infer_compare.testing.coverage import CaseResult, Coverage

PAGE = "coverage.md"


def cover(subject: Subject, *, jobs: int | None, output: Path | None, as_json: bool) -> int:
    """Run the cases, print the results, and return the exit code.

    Args:
        subject: the backend.
        jobs: how many processes run at the same time.
        output: where to write the page: a folder, or a file ending in `.md`.
        as_json: print a JSON document instead of the summary.

    Raises:
        UsageError: the backend takes no ONNX models.
        BackendUnusable: its framework is not installed, or a process cannot load it.
    """
    from infer_compare.testing.coverage import measure_coverage, page
    from infer_compare.testing.coverage.measure import Measured

    name = subject.backend.name
    if "onnx" not in subject.formats:
        raise UsageError(
            f"The backend {name} takes no ONNX: neither `formats` nor `imports` of its capabilities names it."
        )
    if missing := subject.missing:
        hint = f"; run {subject.backend.install_hint}" if subject.backend.install_hint else ""
        raise BackendUnusable(f"The backend {name} needs {', '.join(missing)}, which is not installed{hint}.")
    with progress(quiet=as_json, piped=True) as show:
        coverage = measure_coverage(
            [Measured(name, subject.reference, subject.options)],
            jobs=jobs,
            watch=lambda what, done, total: show(f"{what}: {done} of {total} cases"),
        )
    if output is not None:
        file = output if output.suffix == ".md" else output / PAGE
        file.parent.mkdir(parents=True, exist_ok=True)
        command = f"infer-compare plugin check {name} --onnx -o {file.name}"
        file.write_text(page(coverage, command=command, title=f"ONNX operators of {name}"), encoding="utf-8")
    if as_json:
        stdout.document(coverage)
    else:
        _print(coverage)
        if output is not None:
            stdout.echo(f"Page: {file}")
    return 0 if coverage.passed else 1


def _print(coverage: Coverage) -> None:
    """Print the refused cases by operator, then the wrong ones, and the shares last."""
    from infer_compare.testing.coverage.page import WORDS
    from infer_compare.testing.coverage.record import count

    width = console_width()
    (backend,) = coverage.backends
    counted = [backend.by_case[name] for name in coverage.counted]
    models = backend.of_kind("model")
    for verdict in ("refused", "wrong", "raised", "crashed", "late"):
        of_it = [result for result in (*counted, *models, *backend.faults) if result.verdict == verdict]
        if not of_it:
            continue
        stdout.echo(f"{WORDS[verdict].capitalize()}:")
        for about, results in _by_subject(of_it).items():
            # A backend refuses all cases of an operator with the same message, apart from the names of nodes.
            lines = [(f"{about}, {len(results)} cases" if len(results) > 1 else about, results[0].message)]
            if verdict != "refused":
                lines = [(f"{about}, case {result.case}", result.message) for result in results]
            for heading, message in lines:
                stdout.echo(
                    "\n".join([*wrapped(heading, INDENT, width), *wrapped(one_line(message), 2 * INDENT, width)])
                )
        stdout.echo()
    counts = count(counted)
    right = counts["right"] + counts["constant"]
    of = f"{len(counted)} node tests" + (f" that {coverage.yardstick.backend} passes" if coverage.yardstick else "")
    summary = (
        f"{backend.backend} {'passes' if coverage.passed else 'fails'}: {right} of {of} are right "
        f"({right / max(1, len(counted)):.1%}), {counts['refused']} refused; {count(models)['right']} of {len(models)} models "
        f"are right. Of all {len(backend.results)} cases, {len(backend.faults)} are neither right nor refused."
    )
    stdout.echo("\n".join(wrapped(summary, "", width)))


def _by_subject(results: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    """Group results by operator or model."""
    subjects: dict[str, list[CaseResult]] = {}
    for result in dict.fromkeys(results):
        subjects.setdefault(f"model {result.about}" if result.kind == "model" else result.about, []).append(result)
    return subjects
