"""A cost model of calls over batch size and length: a fixed cost, costs per sample and per token, and a quadratic cost."""

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
"""The quadratic cost is used if it reduces the squared error of the other terms below this share."""
QUADRATIC_LENGTHS = 3
"""The fewest lengths that can show a quadratic cost."""


class Cost(NamedTuple):
    """`latency = fixed + batch * (per_sample + per_token * length + per_square * length^2)`, each at least 0, in nanoseconds."""

    fixed_ns: float
    per_sample_ns: float
    per_token_ns: float
    per_square_ns: float

    def latency_ns(self, batch: int, length: int) -> float:
        """Return the predicted latency of a call in nanoseconds."""
        return self.fixed_ns + batch * (
            self.per_sample_ns + self.per_token_ns * length + self.per_square_ns * length * length
        )


def fit_cost(latencies_ns: Mapping[Place, float]) -> Cost | None:
    """Return the cost model with the smallest squared relative error; None without latencies.

    Errors are relative because noise is proportional to the latency.

    Args:
        latencies_ns: above 0, by batch size and length.
    """
    import numpy as np

    if not latencies_ns:
        return None
    batches, lengths = (np.array(values, dtype=np.float64) for values in zip(*latencies_ns, strict=True))
    latencies = np.array(list(latencies_ns.values()), dtype=np.float64)
    terms = np.stack([np.ones_like(batches), batches, batches * lengths, batches * lengths**2], axis=1)
    # Scaled, since lengths may be so large and latencies so small that their squares would lose all precision.
    scale = terms.max(axis=0)
    rows = terms / scale / latencies[:, None]
    linear, error = _least(rows, _QUADRATIC)
    if len(set(lengths.tolist())) >= QUADRATIC_LENGTHS:
        curved, left = _least(rows, _TERMS)
        if left < ASKED * error:
            linear = curved
    return Cost(*(linear / scale).tolist())


def _least(rows: NDArray[np.float64], terms: int) -> tuple[NDArray[np.float64], float]:
    """Return non-negative coefficients of the first `terms` terms, and their squared error: the best over all subsets of terms."""
    import numpy as np

    best, least = np.zeros(_TERMS), float("inf")
    wanted = np.ones(len(rows))
    scale = np.abs(rows).max()
    for number in range(1, min(terms, len(rows)) + 1):
        for chosen in map(list, combinations(range(terms), number)):
            coefficients = np.linalg.lstsq(rows[:, chosen] / scale, wanted, rcond=None)[0] / scale
            error = float(((rows[:, chosen] @ coefficients - wanted) ** 2).sum())
            if (coefficients >= 0).all() and error < least:
                best, least = np.zeros(_TERMS), error
                best[chosen] = coefficients
    return best, least
