"""Compares the outputs of two contenders on the same inputs, to see whether they compute the same function.

A single scale for a whole tensor would hide differences: a mask of -1e9 hides logits, boxes in pixels hide the scores
beside them. So the differences in every slice of an output, such as one class, channel or coordinate, are compared with how
far the inputs move that slice, and extreme constants are compared separately. If even wrongly paired rows would pass, the
comparison is inconclusive.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.models.finding import Finding
from infer_compare.models.float_rule import compare_floats
from infer_compare.models.integer_rule import compare_integers
from infer_compare.models.precision import COARSE, TOLERANCES, epsilon, known, tolerance
from infer_compare.models.sampling import sampled, thinned, whole
from infer_compare.results import OutputComparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infer_compare.results import AgreementVerdict

    Array = NDArray[Any]

RECOGNIZABLE = 0.5
"""Rows are recognizable up to this share of the distance to other rows. Eight-bit integers reach 0.4; a constant output
has 0.7, the output of another input 1."""

__all__ = ["TOLERANCES", "Comparison", "comparable", "compare", "sample_rows", "tolerance"]


class Comparison(NamedTuple):
    """The result of comparing all outputs."""

    verdict: AgreementVerdict
    reason: str
    """One clause; empty when the outputs agree."""
    outputs: tuple[OutputComparison, ...]
    """The outputs that could be compared: of the same shape and kind."""
    recognizable: bool | None = None
    """See `Agreement.recognizable`."""


def sample_rows(batch: int, limit: int = 64) -> tuple[int, ...]:
    """Return the rows of a batch to compare: all up to `limit`, else the first, the last, and some evenly between."""
    if batch <= limit:
        return tuple(range(batch))
    return tuple(round(index * (batch - 1) / (limit - 1)) for index in range(limit))


def compare(
    reference: Sequence[Array],
    candidate: Sequence[Array],
    names: Sequence[str],
    *,
    rtol: float,
    precision: str = "float32",
    axes: Sequence[int | None] | None = None,
    others: Sequence[Array | None] | None = None,
    other_input: str = "NAME=uniform(0,255)",
) -> Comparison:
    """Compare the outputs of the same rows; each output is compared separately.

    Args:
        reference: outputs of one contender.
        candidate: outputs of another.
        names: the names of the outputs.
        rtol: the largest difference allowed in a slice, relative to how far the inputs move that slice.
        precision: the coarser of the two contenders' precisions, which determines the size of a rounding.
        axes: the batch axis of each output, None for an output without a batch axis; axis 0 for all by default.
        others: for each output, further rows of the reference along the same axis, or along a new first axis for an output
            without a batch axis. They show the influence of the inputs if the outputs have a single row.
        other_input: an `--input` value with other inputs, for advice.
    """
    if len(reference) != len(candidate):
        return Comparison("differs", f"{len(candidate)} outputs instead of {len(reference)}", (), recognizable=False)
    if not reference:
        return Comparison("inconclusive", "there are no outputs to compare", ())
    labels = [names[index] if index < len(names) else f"output {index}" for index in range(len(reference))]
    findings = [
        _compare(
            wanted,
            got,
            rtol=rtol,
            precision=precision,
            axis=0 if axes is None else axes[index],
            others=None if others is None else others[index],
        )
        for index, (wanted, got) in enumerate(zip(reference, candidate, strict=True))
    ]
    outputs = tuple(
        _stored(label, finding, rtol)
        for label, finding in zip(labels, findings, strict=True)
        if finding.scale or finding.shown is not None
    )
    return Comparison(*_verdict(labels, findings, other_input), outputs, _recognizable(findings))


def _verdict(labels: Sequence[str], findings: Sequence[Finding], other_input: str) -> tuple[AgreementVerdict, str]:
    def say(index: int) -> str:
        finding = findings[index]
        advice = f"; other inputs (--input {other_input}, --data) or trained weights show more" if finding.hint else ""
        return f"output {labels[index]!r} {finding.reason}{advice}"

    differ = [index for index, finding in enumerate(findings) if finding.verdict == "differs"]
    if differ:
        return "differs", say(max(differ, key=lambda index: findings[index].used))
    unsure = [index for index, finding in enumerate(findings) if finding.verdict == "inconclusive"]
    if unsure:
        return "inconclusive", say(unsure[0])
    if not any(finding.verdict == "agrees" for finding in findings):
        return "inconclusive", f"{say(0)}, and a wrong conversion would agree as well"
    return "agrees", ""


def _recognizable(findings: Sequence[Finding]) -> bool | None:
    if any(finding.verdict == "differs" and finding.row_error is None for finding in findings):
        return False
    errors = [finding.row_error for finding in findings if finding.row_error is not None]
    return max(errors) < RECOGNIZABLE if errors else None


def _compare(
    wanted: Array, got: Array, *, rtol: float, precision: str, axis: int | None, others: Array | None
) -> Finding:
    """Compare one output, after moving its rows to the first axis."""
    import numpy as np

    if not (comparable(wanted) and comparable(got)):
        return Finding(verdict="inconclusive", reason=f"is of type {wanted.dtype}, not of numbers")
    if wanted.shape != got.shape:
        return _unlike(f"has the shape {got.shape} instead of {wanted.shape}")
    if _is_float(wanted) != _is_float(got):
        return _unlike(f"is of type {got.dtype} instead of {wanted.dtype}")
    if not wanted.size:
        return Finding(verdict="constant", reason="is empty")
    if axis is not None and axis >= wanted.ndim:
        axis = None
    number = wanted.ndim
    wanted, got = _rows_first(wanted, axis), _rows_first(got, axis)
    if others is not None:
        others = _rows_first(others, axis) if axis is not None else others
        if others.shape[1:] != wanted.shape[1:] or len(wanted) > 1 or not comparable(others):
            others = None
    if not _is_float(wanted):
        return compare_integers(wanted, got, rtol=rtol, others=others)
    allowed, rounding = _precise(wanted, got, rtol, precision)
    small, kept = sampled(wanted)

    def place(along: int, index: int) -> tuple[int, int]:
        """Return the axis and index in the output of a slice of the sampled array, whose first axis has the rows."""
        own = along - 1 if axis is None or along <= axis else along
        positions = kept[along]
        return own, index if positions is None else int(positions[index])

    finding = compare_floats(
        small.astype(np.float64),
        thinned(got, kept).astype(np.float64),
        rtol=allowed,
        epsilon=rounding,
        others=None if others is None else thinned(others, kept).astype(np.float64),
        ranks=axis is not None and axis != number - 1,
        place=place,
    )
    if small.size != wanted.size and finding.verdict != "differs":
        return _everywhere(wanted, got, finding, allowed)
    return finding


def _everywhere(wanted: Array, got: Array, finding: Finding, rtol: float) -> Finding:
    """Return the finding of the sample, or a larger difference found outside of it."""
    difference, scale, alike = whole(wanted, got)
    if rtol < COARSE and not alike:
        return _unlike("has NaN or infinity at other places")
    if difference > rtol * scale:
        return Finding(
            verdict="differs",
            reason=f"differs by {difference:.2g}, where {rtol * scale:.2g} is allowed",
            used=_ratio(difference, rtol * scale),
            difference=min(difference, sys.float_info.max),
            scale=scale,
            top1=finding.top1,
            cosine=finding.cosine,
            row_error=finding.row_error,
        )
    return finding


def _rows_first(array: Array, axis: int | None) -> Array:
    import numpy as np

    return array[None] if axis is None else np.moveaxis(array, axis, 0)


def _precise(wanted: Array, got: Array, rtol: float, precision: str) -> tuple[float, float]:
    """Return the tolerance and the size of a rounding, at least those of the dtype in which the output is stored."""
    rounding = epsilon(precision)
    for array in (wanted, got):
        if array.dtype.itemsize <= 2:
            own = known(array.dtype.name)
            rtol, rounding = max(rtol, tolerance(own)), max(rounding, epsilon(own))
    return rtol, rounding


def _unlike(reason: str) -> Finding:
    return Finding(verdict="differs", reason=reason, used=sys.float_info.max)


def _stored(label: str, finding: Finding, rtol: float) -> OutputComparison:
    return OutputComparison(
        output=label,
        max_difference=finding.difference,
        max_reference=min(finding.scale, sys.float_info.max),
        needed_rtol=min(finding.used * rtol if rtol else _ratio(finding.difference, finding.scale), sys.float_info.max),
        top1=finding.top1,
        cosine=finding.cosine,
        row_error=None if finding.row_error is None else min(finding.row_error, sys.float_info.max),
        axis=finding.axis,
        index=finding.index,
        allowed=finding.allowed,
        variation=finding.variation,
        shown=finding.shown,
        extreme_values=finding.extreme,
    )


def _ratio(difference: float, largest: float) -> float:
    """Return the quotient, bounded to what JSON can hold."""
    if difference == 0:
        return 0.0
    if largest == 0 or difference / sys.float_info.max > largest:
        return sys.float_info.max
    return min(difference / largest, sys.float_info.max)


def comparable(array: Array) -> bool:
    """Return whether an array holds real numbers or booleans; `bfloat16` and similar dtypes have kind V."""
    return array.dtype.kind in "biuf" or "float" in array.dtype.name


def _is_float(array: Array) -> bool:
    return array.dtype.kind not in "biu"
