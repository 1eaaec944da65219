"""The effective sample size of correlated series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_NEGLIGIBLE = 0.05 * (1 - 1e-9)
"""The sum over lags ends before the first correlation below this. It is slightly less than 0.05, which is often the exact
correlation of a few values, so that rounding does not decide."""


def effective_size(stretches: Sequence[ArrayLike], *, centre: Literal["stretch", "all"] = "all") -> float:
    """Return the effective sample size `n / (1 + 2 sum_k rho_k)`, the sum ending before the first `rho_k < 0.05`.

    The formula is that of the variance of a mean of a stationary series (Bayley and Hammersley 1946, Suppl. J. R.
    Statist. Soc. 8:184). Products at lag k are taken inside uninterrupted stretches only.

    Args:
        stretches: uninterrupted series, such as the latencies of one slice each.
        centre: `all` subtracts the mean of all values, so differences between stretches count as correlation; `stretch`
            subtracts the mean of each stretch, so only correlation within stretches counts.

    Returns:
        Between 1 and the number of values if they vary; the number of values if they do not; 0 without values.
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
    """Return, for each level, the effective sample size of the indicator series "is above the level".

    The estimate is that of `effective_size` with the mean of all values as the centre, for all levels at once. The product of two
    indicators is 1 if the smaller value is above the level, so products are summed by counting.

    Args:
        stretches: uninterrupted series, with at least one value in total.
        levels: thresholds, in any order.

    Returns:
        One size per level; the number of values if none or all of them are above the level.
    """
    import numpy as np

    series = np.concatenate(stretches)
    share = _above(series, levels) / series.size
    variance = share * (1 - share)
    going = variance > 0
    total = np.zeros(len(levels))
    for lag in range(1, max(stretch.size for stretch in stretches)):
        if not going.any():
            break
        reaching = [stretch for stretch in stretches if stretch.size > lag]
        first, second = (
            np.concatenate(ends)
            for ends in zip(*((stretch[:-lag], stretch[lag:]) for stretch in reaching), strict=True)
        )
        open_levels, mean = levels[going], share[going]
        both = _above(np.minimum(first, second), open_levels)
        either = _above(first, open_levels) + _above(second, open_levels)
        rho = (both - mean * either + first.size * mean**2) / first.size / variance[going]
        total[going] += np.where(rho < _NEGLIGIBLE, 0.0, rho)
        going[going] = rho >= _NEGLIGIBLE
    return np.maximum(1.0, series.size / (1 + 2 * total))


def _above(values: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many values are above each level."""
    import numpy as np

    high = np.sort(values[values > levels.min()])
    return high.size - np.searchsorted(high, levels, side="right")
