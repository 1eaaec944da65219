"""What the author of a plugin tests it with: the conformance kit, and a plugin that is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.lazy import lazily

if TYPE_CHECKING:
    from infer_compare.testing.conformance import BackendConformance, Violation
    from infer_compare.testing.registering import plugins_with

__all__ = ["BackendConformance", "Violation", "plugins_with"]

__getattr__ = lazily(
    __name__,
    {
        "BackendConformance": "infer_compare.testing.conformance",
        "Violation": "infer_compare.testing.conformance",
        "plugins_with": "infer_compare.testing.registering",
    },
)
