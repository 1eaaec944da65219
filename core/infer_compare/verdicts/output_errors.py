"""Output errors of contenders, over all comparisons with the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.results import OutputError

if TYPE_CHECKING:
    from infer_compare.results import Agreement, Run


def output_error(run: Run, label: str) -> OutputError | None:
    """Return the worst output error of a contender over its operating points; None if none is known.

    Args:
        run: the run, which may be unfinished.
        label: of the contender.
    """
    last = {agreement.point: error_of(agreement) for agreement in run.agreements if agreement.contender == label}
    return OutputError.worst(error for error in last.values() if error is not None)


def error_of(agreement: Agreement) -> OutputError | None:
    """Return the output error of a comparison; for old runs, which do not record it, it is computed from their outputs."""
    if agreement.error is not None or agreement.contender == agreement.reference:
        return agreement.error
    return OutputError.worst(output.error for output in agreement.outputs)


def deviations(run: Run) -> dict[str, OutputError]:
    """Return the output error of each contender that is ranked although its outputs differ beyond the tolerance.

    Such contenders are ranked only with `--allow-error`, and reports must mention it.
    """
    errors = {label: output_error(run, label) for label in run.labels if run.deviates(label) is not None}
    return {label: error for label, error in errors.items() if error is not None}
