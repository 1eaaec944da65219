"""How far the outputs of contenders are from the reference's, over everything that was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.results import OutputError

if TYPE_CHECKING:
    from infer_compare.results import Agreement, Run


def output_error(run: Run, label: str) -> OutputError | None:
    """Return the worst output error of a contender over its operating points; None where none is known.

    Args:
        run: the run; a prefix of one will do.
        label: of the contender.
    """
    last = {agreement.point: error_of(agreement) for agreement in run.agreements if agreement.contender == label}
    return OutputError.worst(error for error in last.values() if error is not None)


def error_of(agreement: Agreement) -> OutputError | None:
    """Return the output error of a comparison; runs of before it was recorded have what their outputs tell."""
    if agreement.error is not None or agreement.contender == agreement.reference:
        return agreement.error
    return OutputError.worst(output.error for output in agreement.outputs)


def deviations(run: Run) -> dict[str, OutputError]:
    """Return the output error of each contender that is ranked although its outputs differ beyond the tolerance.

    Only `--allow-error` lets such a contender be ranked; whoever shows it has to say so.
    """
    errors = {label: output_error(run, label) for label in run.labels if run.deviates(label) is not None}
    return {label: error for label, error in errors.items() if error is not None}
