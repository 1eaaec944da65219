"""Runs a batch through a session, and compares outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.interfaces import OperatingPoint
from infer_compare.models.agreement import TOLERANCES, compare, tolerance
from infer_compare.testing.conformance.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import Session
    from infer_compare.interfaces.backend import Array, Batch
    from infer_compare.testing.conformance.models import Example


def compute(session: Session[Any], batch: Batch) -> list[Array]:
    """Return the outputs of a batch, computed in the steps of the harness."""
    session.prepare(OperatingPoint(len(batch[0])))
    slot = session.stage(batch)
    outputs = finish(session, slot)
    session.release(slot)
    return outputs


def finish(session: Session[Any], slot: Any) -> list[Array]:  # noqa: ANN401 - a backend's own slot
    """Run a staged batch and return its outputs."""
    session.run(slot)
    session.synchronize()
    return list(session.fetch(slot))


def disagreement(
    session: Session[Any],
    example: Example,
    outputs: Sequence[Array],
    wanted: Sequence[Array],
    precision: str | None = None,
) -> str:
    """Return what is wrong with outputs, as the end of a sentence; empty if they agree.

    Args:
        session: the session that computed them.
        example: its model.
        outputs: the computed outputs.
        wanted: the correct outputs.
        precision: the precision that determines the tolerance; by default the one that the session reports.
    """
    names, others = [output.name for output in session.outputs], list(example.outputs)
    rtol = allowed(session) if precision is None else tolerance(precision)
    precision = precision or session.effective.get("precision", "")
    return compare(wanted, outputs, names, rtol=rtol, precision=precision, others=others).reason


def allowed(session: Session[Any]) -> float:
    """Return the relative tolerance of the precision that the session reports.

    Raises:
        Violation: the session reports no precision, or an unknown one.
    """
    precision = session.effective.get("precision", "")
    try:
        return tolerance(precision)
    except (ValueError, AttributeError):
        raise Violation(
            f"`effective` reports the precision {precision!r}; use one of {', '.join(TOLERANCES)}."
        ) from None


def same(left: Sequence[Array], right: Sequence[Array], *, rtol: float = 0.0) -> bool:
    """Return whether outputs are the same, bit by bit or within a tolerance; NaN is the same as NaN."""
    import numpy as np

    if len(left) != len(right):
        return False
    for one, other in zip(left, right, strict=True):
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        if not rtol:
            if one.tobytes() != other.tobytes():
                return False
        elif not np.allclose(one, other, rtol=0, atol=rtol * float(np.max(np.abs(other), initial=0.0)), equal_nan=True):
            return False
    return True
