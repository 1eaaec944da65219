"""How many independent values a correlated series is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_NEGLIGIBLE = 0.05 * (1 - 1e-9)
"""The sum over lags ends before the first correlation below this. It is a little less than 0.05: a few values
often correlate by exactly that, and rounding would decide."""


def effective_size(stretches: Sequence[ArrayLike], *, centre: Literal["stretch", "all"] = "all") -> float:
    """Return the effective sample size `n / (1 + 2 sum_k rho_k)`, the sum ending before the first `rho_k < 0.05`.

    The formula is that of the variance of a mean of a stationary series (Bayley and Hammersley 1946, Suppl. J. R.
    Statist. Soc. 8:184). Products at lag k are taken inside uninterrupted stretches only.

    Args:
        stretches: uninterrupted series, such as the latencies of one slice each.
        centre: `all` subtracts the mean of all values, so that differences between stretches count as correlation;
            `stretch` subtracts each stretch's own mean and sees only what happens inside it.

    Returns:
        Between 1 and the number of values for a series that varies; the number of values for one that does not; 0
        for no values.
    """
    import numpy as np

    series = [np.asarray(stretch, dtype=np.float64).ravel() for stretch in stretches]
    series = [values for values in series if values.size]
    if not series:
        return 0.0
    n = sum(values.size for values in series)
    overall = float(np.concatenate(series).mean())
    deviations = [values - (overall if centre == "all" else float(values.mean())) for values in series]
    variance = sum(float(values @ values) for values in deviations) / n
    if variance <= (1e-12 * overall) ** 2:
        return float(n)
    total = 0.0
    for lag in range(1, max(values.size for values in series)):
        reaching = [values for values in deviations if values.size > lag]
        products = sum(float(values[:-lag] @ values[lag:]) for values in reaching)
        rho = products / sum(values.size - lag for values in reaching) / variance
        if rho < _NEGLIGIBLE:
            break
        total += rho
    return max(1.0, n / (1 + 2 * total))


def effective_sizes_above(stretches: Sequence[NDArray[np.float64]], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each level, how many independent values the series "is above the level" is worth.

    The estimate is that of `effective_size` with the mean of all values as the centre, for all levels at once: the product of two
    neighbours is 1 where the smaller of them is above the level, so that counting does for summing.

    Args:
        stretches: uninterrupted series, at least one value in all.
        levels: thresholds, in any order.

    Returns:
        The number of values where none or all of them are above the level.
    """
    import numpy as np

    series = np.concatenate(stretches)
    share = _above(series, levels) / series.size
    variance = share * (1 - share)
    going = variance > 0
    total = np.zeros(len(levels))
    for lag in range(1, max(one.size for one in stretches)):
        if not going.any():
            break
        reaching = [one for one in stretches if one.size > lag]
        first, second = (
            np.concatenate(ends) for ends in zip(*((one[:-lag], one[lag:]) for one in reaching), strict=True)
        )
        own, mean = levels[going], share[going]
        both = _above(np.minimum(first, second), own)
        either = _above(first, own) + _above(second, own)
        rho = (both - mean * either + first.size * mean**2) / first.size / variance[going]
        total[going] += np.where(rho < _NEGLIGIBLE, 0.0, rho)
        going[going] = rho >= _NEGLIGIBLE
    return np.maximum(1.0, series.size / (1 + 2 * total))


def _above(values: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many values are above each level."""
    import numpy as np

    high = np.sort(values[values > levels.min()])
    return high.size - np.searchsorted(high, levels, side="right")
