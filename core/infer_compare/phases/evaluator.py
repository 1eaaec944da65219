"""The slow reference evaluator: asked where no contender runs the model natively, and where contenders disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces import OperatingPoint
from infer_compare.models.agreement import sample_rows
from infer_compare.phases.contender_worker import ContenderWorker
from infer_compare.phases.outcome_error import OutcomeError
from infer_compare.phases.outputs import SINGLE_ROWS, BrokenOutput, Outputs
from infer_compare.worker.protocol import Explore, Explored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.interfaces import TensorSpec
    from infer_compare.phases.events import Observer
    from infer_compare.preparation.pool import InputPool
    from infer_compare.preparation.route import Route
    from infer_compare.worker.settings import WorkerSettings

EVALUATED_BATCHES = (1, 3)
"""Batch sizes at which the evaluator is asked."""
LARGEST_EVALUATED = 16
"""A disagreement at none of these sizes is put to it at the smallest size up to this one."""


def evaluate(
    route: Route,
    terms: WorkerSettings,
    pool: InputPool,
    folder: Path,
    sizes: Sequence[int],
    specs: Sequence[TensorSpec],
    observer: Observer,
) -> Outputs | None:
    """Return what the reference evaluator computes at these batch sizes, or None where it cannot run the model."""
    observer.starting("agree", route.label)
    try:
        return written(route, terms, pool, folder, sizes, specs)
    except (OutcomeError, BrokenOutput) as refusal:
        reason = refusal.outcome if isinstance(refusal, OutcomeError) else refusal
        observer.note("agreement", f"the reference evaluator could not be asked: {reason}")
        return None


def written(
    route: Route,
    terms: WorkerSettings,
    pool: InputPool,
    folder: Path,
    sizes: Sequence[int],
    specs: Sequence[TensorSpec],
) -> Outputs:
    """Return the outputs that a fresh worker writes: of the first rows one by one, and of batches of these sizes.

    Raises:
        OutcomeError: the worker cannot be started, or does not run one of them.
        BrokenOutput: it wrote something else than it says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    outputs = Outputs(folder, specs=specs)
    requests = [(1, row, (0,)) for row in range(SINGLE_ROWS)] + [(size, 0, sample_rows(size)) for size in sizes]
    with ContenderWorker(route, terms, pool) as worker:
        worker.start(0, timing=False)
        for size, first, rows in requests:
            request = Explore(
                point=OperatingPoint(size),
                calls=1,
                outputs=str(folder),
                rows=rows,
                axes=outputs.asked_axes,
                first_row=first,
            )
            outputs.accept(request, worker.ask(request, Explored, phase="agree"))
    return outputs
