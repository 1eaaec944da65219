"""How far the outputs of a contender are from the reference's, over everything that was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.results import OutputError

if TYPE_CHECKING:
    from infer_compare.results import Run


def output_error(run: Run, label: str) -> OutputError | None:
    """Return the worst output error of a contender over its operating points; None where none is known.

    Args:
        run: the run; a prefix of one will do.
        label: of the contender.
    """
    last = {agreement.point: agreement.error for agreement in run.agreements if agreement.contender == label}
    return OutputError.worst(error for error in last.values() if error is not None)
