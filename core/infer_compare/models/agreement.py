"""Whether two contenders compute the same function: a comparison of their outputs on the same inputs.

A difference is held against the largest value of its tensor, `max|d| <= rtol * max|reference|`: a fixed absolute
tolerance means nothing for a softmax whose largest entry is a thousandth.

Agreement can be vacuous. Outputs of a deep random net may be the same for every input, and then any wrong
conversion agrees; so an output counts only when its spread over different inputs is ten times the tolerance.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.results import OutputComparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.results import AgreementVerdict

    Array = NDArray[Any]

TOLERANCES = {
    "float64": 1e-7,
    "float32": 1e-4,
    "tf32": 5e-3,
    "float16": 1e-2,
    "bfloat16": 5e-2,
}
"""Relative tolerance by effective precision; faultless conversions in float32 were seen to differ by up to 7e-6."""

ALIASES = {"fp64": "float64", "fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}

SPREAD_FACTOR = 10
"""An output whose spread is under so many tolerances cannot show that two contenders agree."""

ROUNDING = 1e-12
"""Spreads below this are rounding errors of the mean."""


class Comparison(NamedTuple):
    """What comparing all outputs gave."""

    verdict: AgreementVerdict
    reason: str
    """One sentence; empty when the outputs agree."""
    outputs: tuple[OutputComparison, ...]
    """Those that could be compared: finite, and of one shape."""


def tolerance(*precisions: str) -> float:
    """The relative tolerance for a comparison of contenders of these precisions: that of the coarsest.

    Raises:
        ValueError: there is no tolerance for a precision, as for eight-bit integers; it must be given.
    """
    try:
        return max(TOLERANCES[ALIASES.get(one.lower(), one.lower())] for one in precisions)
    except KeyError as error:
        known = ", ".join(TOLERANCES)
        raise ValueError(f"there is no tolerance for the precision {error.args[0]!r}; known are {known}") from error


def sample_rows(batch: int, limit: int = 64) -> tuple[int, ...]:
    """The rows of a batch that are compared: all of them up to `limit`, else the first, the last, and evenly between."""
    if batch <= limit:
        return tuple(range(batch))
    return tuple(round(index * (batch - 1) / (limit - 1)) for index in range(limit))


def spread(rows: Array) -> float:
    """How much an output depends on the inputs: `max|row - mean of rows| / max|row|`; 0 for one row or none."""
    import numpy as np

    if rows.ndim == 0 or len(rows) < 2 or rows.size == 0 or not _comparable(rows):
        return 0.0
    wide = rows.astype(np.float64)
    largest = float(np.max(np.abs(wide)))
    if largest == 0 or not np.isfinite(largest):
        return 0.0
    # Scaled first, since a mean of the largest numbers would overflow.
    scaled = wide / largest
    return float(np.max(np.abs(scaled - scaled.mean(axis=0))))


def compare(
    reference: Sequence[Array],
    candidate: Sequence[Array],
    names: Sequence[str],
    *,
    rtol: float,
    spreads: Sequence[float] | None = None,
) -> Comparison:
    """Compares outputs of the same rows, one by one in their order.

    NaN and infinity are refused first, counts and shapes must be equal, integers and booleans must be the same.

    Args:
        reference: what is taken as right.
        candidate: what is judged.
        names: of the outputs.
        rtol: the largest difference allowed, relative to the largest value of the reference's tensor.
        spreads: of each output over different inputs, where it was measured on other rows than these; without it a
            single row, which can show no spread, is inconclusive.
    """
    if len(reference) != len(candidate):
        return Comparison("differs", f"{len(candidate)} outputs in place of {len(reference)}", ())
    labels = [names[index] if index < len(names) else f"output {index}" for index in range(len(reference))]
    for label, wanted, got in zip(labels, reference, candidate, strict=True):
        if (refusal := _refuse(label, wanted, got)) is not None:
            return refusal
    compared = tuple(_compare(*one) for one in zip(labels, reference, candidate, strict=True))
    for one, wanted in zip(compared, reference, strict=True):
        if one.needed_rtol > (rtol if _is_float(wanted) else 0):
            return Comparison("differs", _difference(one, rtol, exact=not _is_float(wanted)), compared)
    vacuous = _vacuous(labels, reference, spreads, rtol)
    return Comparison("inconclusive" if vacuous else "agrees", vacuous, compared)


def _refuse(label: str, wanted: Array, got: Array) -> Comparison | None:
    """The verdict where two outputs cannot be compared."""
    if not (_comparable(wanted) and _comparable(got)):
        return Comparison("inconclusive", f"output {label!r} is of type {wanted.dtype}, not of numbers", ())
    if not _finite(wanted):
        return Comparison("inconclusive", f"output {label!r} of the reference holds NaN or infinity", ())
    if not _finite(got):
        return Comparison("differs", f"output {label!r} holds NaN or infinity", ())
    if wanted.shape != got.shape:
        return Comparison("differs", f"output {label!r} has the shape {got.shape} in place of {wanted.shape}", ())
    if _is_float(wanted) != _is_float(got):
        return Comparison("differs", f"output {label!r} is of type {got.dtype} in place of {wanted.dtype}", ())
    return None


def _compare(label: str, wanted: Array, got: Array) -> OutputComparison:
    import numpy as np

    left, right = wanted.astype(np.float64), got.astype(np.float64)
    with np.errstate(over="ignore"):
        difference = float(np.max(np.abs(left - right), initial=0.0))
    if difference == 0 and not np.array_equal(wanted, got):
        difference = 1.0  # integers beyond 2^53, which float64 does not tell apart
    difference = min(difference, sys.float_info.max)
    largest = float(np.max(np.abs(left), initial=0.0))
    return OutputComparison(
        output=label,
        max_difference=difference,
        max_reference=largest,
        needed_rtol=_ratio(difference, largest),
        top1=_top1(left, right) if wanted.ndim == 2 and wanted.shape[1] > 1 and _is_float(wanted) else None,
    )


def _ratio(difference: float, largest: float) -> float:
    """Their quotient, bounded to what JSON can hold."""
    if difference == 0:
        return 0.0
    if largest == 0 or difference / sys.float_info.max > largest:
        return sys.float_info.max
    return min(difference / largest, sys.float_info.max)


def _top1(left: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    """Share of rows with their largest entry at the same place."""
    if len(left) == 0:
        return None
    return float((left.argmax(axis=1) == right.argmax(axis=1)).mean())


def _difference(one: OutputComparison, rtol: float, *, exact: bool) -> str:
    if exact:
        return f"output {one.output!r} differs by up to {one.max_difference:.3g}, and integers must be equal"
    return f"output {one.output!r} needs a tolerance of {one.needed_rtol:.2g}, and {rtol:.2g} is allowed"


def _vacuous(labels: Sequence[str], reference: Sequence[Array], spreads: Sequence[float] | None, rtol: float) -> str:
    """Why agreement would show nothing; empty when it does.

    Every floating output must depend on the inputs; integers, which may rightly be constant, are asked only where
    there is nothing else.
    """
    if not labels:
        return "there are no outputs to compare"
    if spreads is None:
        if any(one.ndim == 0 or len(one) < 2 for one in reference):
            return "a single row cannot show that the outputs depend on the inputs"
        spreads = [spread(one) for one in reference]
    floats = [index for index, one in enumerate(reference) if _is_float(one)]
    needed = SPREAD_FACTOR * rtol if floats else ROUNDING
    for index in floats or range(len(reference)):
        if spreads[index] < needed:
            return (
                f"output {labels[index]!r} hardly depends on the inputs (spread {spreads[index]:.2g}), so that a wrong "
                "conversion would agree as well"
            )
    return ""


def _comparable(array: Array) -> bool:
    """Whether an array holds real numbers or booleans; `bfloat16` and its like are of kind V."""
    return array.dtype.kind in "biuf" or array.dtype.name == "bfloat16"


def _is_float(array: Array) -> bool:
    return array.dtype.kind not in "biu"


def _finite(array: Array) -> bool:
    import numpy as np

    return not _is_float(array) or bool(np.isfinite(array.astype(np.float64)).all())
