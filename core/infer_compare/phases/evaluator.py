"""The slow reference evaluator, which runs if no contender has the model natively, or if contenders disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.agreement import sample_rows
from infer_compare.phases.contender_exploration import describe
from infer_compare.phases.outcome_error import OutcomeError
from infer_compare.phases.outputs import SINGLE_ROWS, BrokenOutput, Outputs
from infer_compare.worker.protocol import Explore, Explored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.contender_worker import ContenderWorker
    from infer_compare.phases.context import RunContext

EVALUATED_BATCHES = (1, 3)
"""Batch sizes at which the evaluator runs."""
LARGEST_EVALUATED = 16
"""If contenders disagree at none of these sizes, the evaluator runs at the smallest disputed size, if it is at most this."""


def evaluate(context: RunContext, points: Sequence[OperatingPoint]) -> Outputs | None:
    """Return the outputs of the reference evaluator at some operating points; None if it cannot run the model."""
    route, specs = context.resolved.evaluator, context.resolved.header.model.outputs
    if route is None:
        return None
    context.observer.starting("agree", route.label)
    try:
        return written(context.worker(route), Outputs(context.scratch / "outputs" / "reference", specs=specs), points)
    except (OutcomeError, BrokenOutput) as refusal:
        reason = describe(refusal.outcome) if isinstance(refusal, OutcomeError) else refusal
        context.observer.note("agreement", f"the reference evaluator did not answer: {reason}")
        return None


def written(worker: ContenderWorker, outputs: Outputs, points: Sequence[OperatingPoint]) -> Outputs:
    """Return the outputs of a fresh worker at some operating points, and of the first rows one by one.

    Raises:
        OutcomeError: the worker cannot be started, or does not run a point.
        BrokenOutput: the files that it wrote are not as it reported.
    """
    outputs.folder.mkdir(parents=True, exist_ok=True)
    singles = [
        (point, row) for point in dict.fromkeys(point.with_batch(1) for point in points) for row in range(SINGLE_ROWS)
    ]
    with worker:
        worker.start(0, timing=False)
        for point, first in dict.fromkeys([*singles, *((point, 0) for point in points)]):
            request = Explore(
                point=point,
                calls=1,
                outputs=str(outputs.folder),
                rows=sample_rows(point.batch),
                axes=outputs.asked_axes,
                first_row=first,
            )
            outputs.accept(request, worker.ask(request, Explored, phase="agree"))
    return outputs
