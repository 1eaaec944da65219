"""Versions of the distributions that a run depends on."""

from __future__ import annotations

from importlib import metadata

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
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    for point in metadata.entry_points(group=GROUP):
        if point.dist is not None:
            found.setdefault(point.dist.name, point.dist.version)
    return dict(sorted(found.items()))
