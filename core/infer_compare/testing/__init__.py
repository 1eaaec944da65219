"""The public module for testing plugins: the conformance kit, checks of other plugins, and uninstalled plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.lazy import lazily

if TYPE_CHECKING:
    from infer_compare.testing.conformance import BackendConformance, Violation
    from infer_compare.testing.converters import Sample, check_converter
    from infer_compare.testing.datasets import check_dataset
    from infer_compare.testing.launchers import check_launcher
    from infer_compare.testing.metrics import check_metric
    from infer_compare.testing.registering import plugins_with
    from infer_compare.testing.reporters import check_reporter

__all__ = [
    "BackendConformance",
    "Sample",
    "Violation",
    "check_converter",
    "check_dataset",
    "check_launcher",
    "check_metric",
    "check_reporter",
    "plugins_with",
]

__getattr__ = lazily(
    __name__,
    {
        "BackendConformance": "infer_compare.testing.conformance",
        "Violation": "infer_compare.testing.conformance",
        "Sample": "infer_compare.testing.converters",
        "check_converter": "infer_compare.testing.converters",
        "check_dataset": "infer_compare.testing.datasets",
        "check_launcher": "infer_compare.testing.launchers",
        "check_metric": "infer_compare.testing.metrics",
        "check_reporter": "infer_compare.testing.reporters",
        "plugins_with": "infer_compare.testing.registering",
    },
)
