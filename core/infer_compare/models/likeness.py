"""How alike two floating outputs are as a whole, whatever the tolerance: their cosine, and whether rows are still told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]


def cosine(reference: Floats, candidate: Floats, live: Mask) -> float | None:
    """Return the cosine similarity of all values that are not extreme; None where one side is zero."""
    import numpy as np

    one, other = reference[live], candidate[live]
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return min(1.0, max(-1.0, float(one @ other) / lengths)) if lengths else None


def row_error(reference: Floats, candidate: Floats, live: Mask, rows: Floats, alive: Mask) -> float | None:
    """Return how far the worst row is from its own row of the reference, relative to how far other rows are from that.

    Both are root mean squares. 1 is as wrong as the outputs of another input; the same output for every input has about 0.7.

    Args:
        reference: of shape [rows, ...].
        candidate: of the same shape.
        live: where the reference is not extreme.
        rows: rows that show what the inputs do: the reference itself, or others of its shape.
        alive: where these are not extreme.

    Returns:
        None where the inputs move nothing.
    """
    import numpy as np

    wanted, got, others = (
        np.where(mask, array, 0.0).reshape(len(array), -1)
        for array, mask in ((reference, live), (candidate, live), (rows, alive))
    )
    own = np.square(wanted - got).sum(axis=1)
    apart = np.square(wanted).sum(1)[:, None] + np.square(others).sum(1)[None] - 2 * wanted @ others.T
    # A row is no other row of itself.
    apart = np.where(apart > EQUAL * np.square(wanted).sum(1)[:, None], apart, 0.0)
    number = (apart > 0).sum(axis=1)
    if not number.all():
        return None
    return float(np.sqrt(np.max(own / (apart.sum(axis=1) / number))))


EQUAL = 1e-12
"""Squared distances below this share of a row's square are rounding."""
