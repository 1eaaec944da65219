"""The regularised incomplete beta function, which Student's t and the binomial distribution use."""

from __future__ import annotations

from math import exp, lgamma, log, log1p

_TINY = 1e-300
"""Replaces zero in the continued fraction, to avoid division by zero."""
_PRECISION = 1e-16
_MOST_STEPS = 20_000
"""The most steps of the fraction, which needs in the order of sqrt(max(a, b))."""


def incomplete_beta(a: float, b: float, x: float, complement: float | None = None) -> float:
    """Return `I_x(a, b)`, the share of the beta distribution with shapes `a` and `b` below `x`.

    It is computed by the continued fraction DLMF 8.17.22 with Lentz's method, on the side of the mean where it converges fast
    (DLMF 8.17.4 gives the other side).

    Args:
        a: first shape, above 0.
        b: second shape, above 0.
        x: between 0 and 1.
        complement: `1 - x`, if the caller knows it more exactly than by subtraction.

    Raises:
        ValueError: a shape is not above 0 or `x` lies outside [0, 1].
    """
    if not (a > 0 and b > 0):
        raise ValueError(f"the shapes of a beta distribution are above 0, not {a} and {b}")
    if not 0 <= x <= 1:
        raise ValueError(f"{x} lies outside [0, 1]")
    rest = 1 - x if complement is None else complement
    if x == 0:
        return 0.0
    if rest == 0:
        return 1.0
    log_x = log(x) if x < 0.5 else log1p(-rest)
    log_rest = log(rest) if rest < 0.5 else log1p(-x)
    front = exp(a * log_x + b * log_rest + lgamma(a + b) - lgamma(a) - lgamma(b))
    if x <= (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction `1 / (1 + d1 / (1 + d2 / ...))` of DLMF 8.17.22."""
    c = 1.0
    d = 1 / _apart(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _apart(1 + even * d)
        c = _apart(1 + even / c)
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _apart(1 + odd * d)
        c = _apart(1 + odd / c)
        step = c * d
        value *= step
        if abs(step - 1) <= _PRECISION:
            break
    return value


def _apart(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
