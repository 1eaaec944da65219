"""Versions of the distributions that a run depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare import distributions
from infer_compare.interfaces.hooks import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN = ("infer-compare", "numpy", "onnx")
"""Distributions that every run depends on."""


def versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions, by name, of those distributions that are installed; nothing is imported."""
    return {name: version for name in sorted(set(names)) if (version := distributions.version(name))}


def plugins() -> tuple[str, ...]:
    """Return the names of the distributions that provide plugins."""
    return tuple(name for name, _ in map(distributions.origin, distributions.entry_points(GROUP)[0]) if name)
