"""Similarity of two floating outputs as a whole, independent of the tolerance: cosine similarity, and row error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]


def cosine(reference: Floats, candidate: Floats, live: Mask) -> float | None:
    """Return the cosine similarity of all values that are not extreme; None if one side is zero."""
    import numpy as np

    one, other = reference[live], candidate[live]
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return min(1.0, max(-1.0, float(one @ other) / lengths)) if lengths else None


def row_error(reference: Floats, candidate: Floats, live: Mask, rows: Floats, alive: Mask) -> float | None:
    """Return the distance of the worst row from its row of the reference, relative to the distance to other rows.

    Both are root mean squares. 1 is as wrong as the output of another input; a constant output has about 0.7.

    Args:
        reference: an array of shape [rows, ...].
        candidate: an array of the same shape.
        live: mask of the reference's values that are not extreme.
        rows: rows that show the influence of the inputs: the reference itself, or other rows of its shape.
        alive: mask of their values that are not extreme.

    Returns:
        The row error; None if the outputs do not depend on the inputs.
    """
    import numpy as np

    wanted, got, others = (
        np.where(mask, array, 0.0).reshape(len(array), -1)
        for array, mask in ((reference, live), (candidate, live), (rows, alive))
    )
    errors = np.square(wanted - got).sum(axis=1)
    apart = np.square(wanted).sum(1)[:, None] + np.square(others).sum(1)[None] - 2 * wanted @ others.T
    # Exclude the distance of a row to itself.
    apart = np.where(apart > EQUAL * np.square(wanted).sum(1)[:, None], apart, 0.0)
    number = (apart > 0).sum(axis=1)
    if not number.all():
        return None
    return float(np.sqrt(np.max(errors / (apart.sum(axis=1) / number))))


EQUAL = 1e-12
"""Squared distances below this share of a row's square are rounding."""
