"""The conformance kit: checks whether a backend keeps the promises of the interface.

Checks are plain functions that take a `Subject` and raise `Violation`. `infer-compare plugin check NAME` runs them
without pytest, and `suite.BackendConformance` is a test class that runs them.
"""

from infer_compare.testing.conformance.registry import CHECKS, Check, Group
from infer_compare.testing.conformance.results import Failed, GapClosed, KnownGap, Passed, Report, Result, Skipped
from infer_compare.testing.conformance.runner import check_backend, run_check
from infer_compare.testing.conformance.subject import Subject
from infer_compare.testing.conformance.suite import BackendConformance
from infer_compare.testing.conformance.violation import NotApplicable, Violation

__all__ = [
    "CHECKS",
    "BackendConformance",
    "Check",
    "Failed",
    "GapClosed",
    "Group",
    "KnownGap",
    "NotApplicable",
    "Passed",
    "Report",
    "Result",
    "Skipped",
    "Subject",
    "Violation",
    "check_backend",
    "run_check",
]
