"""Reopening a stored run to serve one of its contenders with the same model and input rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import UsageError
from infer_compare.preparation.differences import differences
from infer_compare.preparation.repetition import naming_the_folder
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.preparation.resolved import Resolved
    from infer_compare.preparation.route import Route
    from infer_compare.request.axes import Setting
    from infer_compare.request.options import RunOptions
    from infer_compare.results import Header, Run


def sizes_of(run: Run, label: str, setting: Setting, max_batch: int | None) -> tuple[int, ...]:
    """Return the measured batch sizes of a contender below `max_batch`, and `max_batch` itself, ascending.

    Raises:
        UsageError: the run has no such contender, or did not measure it at sizes around `max_batch`.
    """
    if label not in run.labels:
        raise UsageError(f"The run has no contender {label!r}; it has {listing(run.labels)}.")
    measured = sorted(
        {
            point.point.batch
            for point in run.points
            if point.contender == label and point.point.axes == setting and point.measured
        }
    )
    if not measured:
        raise UsageError(
            f"{label} was measured at no batch size in this run, so it cannot be served; measure it first."
        )
    largest = measured[-1] if max_batch is None else max_batch
    if not measured[0] <= largest <= measured[-1]:
        raise UsageError(
            f"{label} was measured from batch {measured[0]} to {measured[-1]}; a largest batch of {largest} is not between them."
        )
    return tuple(sorted({*(size for size in measured if size < largest), largest}))


def reopened(run: Run, label: str, resolve: Callable[[RunOptions], Resolved]) -> tuple[Resolved, Route]:
    """Return the plan of a stored run, resolved again, and the route of one contender.

    Args:
        run: the stored run.
        label: of the contender.
        resolve: makes a plan from options.

    Raises:
        UsageError: the model, a version or the machine has changed, or the contender can no longer run.
        NoUsableBackend: no contender can be started any more.
    """
    with naming_the_folder(run.header):
        resolved = resolve(run.header.repeated)
    reasons = list(differences(_of(run.header, label), _of(resolved.header, label)))
    reasons += [
        f"{label} can no longer run ({getattr(record.outcome, 'reason', '')})"
        for record in resolved.unusable
        if record.contender == label
    ]
    if reasons:
        raise UsageError(
            f"{label} cannot be served as it was measured, since {listing(reasons)}; measure it again with: "
            "infer-compare run."
        )
    return resolved, resolved.routes[label]


def _of(header: Header, label: str) -> Header:
    """Return a header with this contender alone; the others may have changed."""
    kept = tuple(contender for contender in header.contenders if contender.label == label)
    return msgspec.structs.replace(header, contenders=kept)
