"""Versions of the distributions that a run depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare import distributions
from infer_compare.interfaces.hooks import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN = ("infer-compare", "numpy", "onnx")
"""Distributions that every run depends on."""


def versions(frameworks: Iterable[str] = ()) -> dict[str, str]:
    """Return the version by name of each distribution that a run depends on or that brings a plugin; nothing is imported.

    Args:
        frameworks: distributions that bring the backends' frameworks; those that are not installed are left out.
    """
    found: dict[str, str] = {}
    for name in (*OWN, *frameworks):
        if version := distributions.version(name):
            found[name] = version
    for point in distributions.entry_points(GROUP)[0]:
        name, version = distributions.origin(point)
        if name:
            found.setdefault(name, version)
    return dict(sorted(found.items()))
