"""The tolerances of outputs by the precision in which contenders compute."""

from __future__ import annotations

TOLERANCES = {
    "float64": 1e-7,
    "float32": 1e-4,
    "tf32": 5e-3,
    "float16": 1e-2,
    "bfloat16": 5e-2,
    "int8": 2e-1,
}
"""Relative tolerance by effective precision; correct conversions in float32 differed by up to 4e-6 of the largest
value."""

EPSILONS = {
    "float64": 2.3e-16,
    "float32": 1.2e-7,
    "tf32": 9.8e-4,
    "float16": 9.8e-4,
    "bfloat16": 7.9e-3,
    "int8": 7.9e-3,
}
"""The relative size of one rounding."""

ALIASES = {"fp64": "float64", "fp32": "float32", "fp16": "float16", "bf16": "bfloat16", "i8": "int8", "uint8": "int8"}

COARSE = 1e-3
"""Tolerance from which the rule for low precision applies: errors are compared with groups of slices."""


def tolerance(*precisions: str) -> float:
    """Return the relative tolerance for contenders of these precisions: that of the coarsest.

    Raises:
        ValueError: there is no tolerance for a precision; it must be given.
    """
    return max(TOLERANCES[known(precision)] for precision in precisions)


def epsilon(*precisions: str) -> float:
    """Return the relative size of one rounding in the coarsest of these precisions.

    Raises:
        ValueError: a precision is unknown.
    """
    return max(EPSILONS[known(precision)] for precision in precisions)


def known(precision: str) -> str:
    """Return the name of a precision in the tables.

    Raises:
        ValueError: the precision is unknown.
    """
    name = ALIASES.get(precision.lower(), precision.lower())
    if name.startswith("float8"):
        name = "int8"
    if name not in TOLERANCES:
        raise ValueError(
            f"there is no tolerance for the precision {name!r}; valid precisions are {', '.join(TOLERANCES)}"
        )
    return name
