"""Checks whether the errors of outputs match the reported precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.precision import known
from infer_compare.testing.conformance.models import BUILDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces.backend import Array
    from infer_compare.testing.conformance.models import Example

FULL = ("float64", "float32")
"""Precisions of at least 24 bits."""
SHORT = ("float16", "bfloat16", "int8")
"""Precisions in which every number is short. tf32 cannot be checked: a framework uses it only where it is faster."""
BETWEEN = 2.0**-15
"""Limit of errors relative to the largest output: float32 stays thirty times below, fractions of eleven bits reach ten times
as much."""
SAME_SHARE = 0.9
"""Largest share of outputs that may equal the rounded correct outputs; if every layer rounds, about half of them do."""
FEWEST = 32
"""Fewest outputs for a conclusion about the share."""


def unlike(precision: str, outputs: Sequence[Array], example: Example, rows: int) -> str:
    """Return how outputs contradict a reported precision, as a clause; empty if they do not.

    Args:
        precision: the reported precision.
        outputs: the outputs of the first rows of the example.
        example: a model; only models of the kit are checked.
        rows: the number of rows.
    """
    import numpy as np

    try:
        name = known(precision)
    except ValueError:
        return ""
    expected = example.expected(rows)
    shapes = [output.shape for output in expected] == [output.shape for output in outputs]
    if example.name not in BUILDERS or not shapes:
        return ""
    error = max(_error(got, right) for got, right in zip(outputs, expected, strict=True))
    if name in FULL and error > BETWEEN:
        return f"outputs of the model {example.name} are wrong by {error:.1e} of the largest, as in fewer bits"
    if name in SHORT and error < BETWEEN:
        return (
            f"outputs of the model {example.name} are wrong by no more than {error:.1e} of the largest, as in float32"
        )
    if name in {"float16", "bfloat16"}:
        pairs = [(np.ravel(got), np.ravel(_rounded(right, name))) for got, right in zip(outputs, expected, strict=True)]
        values, right = (np.concatenate([pair[side] for pair in pairs]).astype(np.float32) for side in (0, 1))
        if len(values) >= FEWEST and float(np.mean(values == right)) >= SAME_SHARE:
            return f"outputs of the model {example.name} are those of float32, rounded at the end"
    return ""


def _error(outputs: Array, expected: Array) -> float:
    """Return the largest error, relative to the largest value."""
    import numpy as np

    largest = float(np.max(np.abs(expected.astype(np.float64)), initial=0.0))
    return float(np.max(np.abs(outputs.astype(np.float64) - expected), initial=0.0)) / largest if largest else 0.0


def _rounded(values: Array, precision: str) -> Array:
    import ml_dtypes
    import numpy as np

    return values.astype(np.float16 if precision == "float16" else ml_dtypes.bfloat16)
