"""Versions of the distributions that a run depends on."""

from __future__ import annotations

from infer_compare import distributions
from infer_compare.interfaces.hooks import GROUP

KNOWN = (
    "infer-compare",
    "numpy",
    "onnx",
    "torch",
    "onnxruntime",
    "onnxruntime-gpu",
    "tensorflow",
    "keras",
)
"""Distributions that are recorded where they are installed."""


def versions() -> dict[str, str]:
    """Version by name of each known distribution and of each that brings a plugin; nothing is imported."""
    found: dict[str, str] = {}
    for name in KNOWN:
        if version := distributions.version(name):
            found[name] = version
    for point in distributions.entry_points(GROUP)[0]:
        name, version = distributions.origin(point)
        if name:
            found.setdefault(name, version)
    return dict(sorted(found.items()))
