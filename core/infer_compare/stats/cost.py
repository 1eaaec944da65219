"""What a call costs over batch size and length: a fixed part, one for each sample, one for each token, and a quadratic one."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

Place = tuple[int, int]
"""A batch size, and the length of a sample: the product of the sizes of its other axes."""

_TERMS = 4
_QUADRATIC = 3
ASKED = 0.5
"""The quadratic part is taken where it leaves less than this share of the squared error that the others leave."""
QUADRATIC_LENGTHS = 3
"""Fewer lengths do not show whether a cost is quadratic in them."""


class Cost(NamedTuple):
    """`latency = fixed + batch * (per_sample + per_token * length + per_square * length^2)`, each at least 0, in nanoseconds."""

    fixed_ns: float
    per_sample_ns: float
    per_token_ns: float
    per_square_ns: float

    def latency_ns(self, batch: int, length: int) -> float:
        """Return what a call is predicted to take."""
        return self.fixed_ns + batch * (
            self.per_sample_ns + self.per_token_ns * length + self.per_square_ns * length * length
        )


def fit_cost(latencies_ns: Mapping[Place, float]) -> Cost | None:
    """Return the cost whose squared relative error is the least, since noise is a share of the latency; None without latencies.

    Args:
        latencies_ns: above 0, by batch size and length.
    """
    import numpy as np

    if not latencies_ns:
        return None
    batches, lengths = (np.array(values, dtype=np.float64) for values in zip(*latencies_ns, strict=True))
    latencies = np.array(list(latencies_ns.values()), dtype=np.float64)
    terms = np.stack([np.ones_like(batches), batches, batches * lengths, batches * lengths**2], axis=1)
    # So large lengths may be, and so small latencies, that their squares would not be told apart from nothing.
    scale = terms.max(axis=0)
    rows = terms / scale / latencies[:, None]
    linear, error = _least(rows, _QUADRATIC)
    if len(set(lengths.tolist())) >= QUADRATIC_LENGTHS:
        curved, left = _least(rows, _TERMS)
        if left < ASKED * error:
            linear = curved
    return Cost(*(linear / scale).tolist())


def _least(rows: NDArray[np.float64], terms: int) -> tuple[NDArray[np.float64], float]:
    """Return the coefficients of the first terms that are at least 0, and the squared error: the best of any choice of terms."""
    import numpy as np

    best, least = np.zeros(_TERMS), float("inf")
    wanted = np.ones(len(rows))
    scale = np.abs(rows).max()
    for number in range(1, min(terms, len(rows)) + 1):
        for chosen in map(list, combinations(range(terms), number)):
            found = np.linalg.lstsq(rows[:, chosen] / scale, wanted, rcond=None)[0] / scale
            error = float(((rows[:, chosen] @ found - wanted) ** 2).sum())
            if (found >= 0).all() and error < least:
                best, least = np.zeros(_TERMS), error
                best[chosen] = found
    return best, least
