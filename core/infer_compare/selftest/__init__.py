"""The self-test: compares a backend with itself and with slowed-down copies, to see how far verdicts can be trusted."""

from infer_compare.selftest.findings import BackendFindings, PlantedFindings, SkippedBackend, TwinFindings, findings
from infer_compare.selftest.setup import BATCH_SIZES, SLOWDOWNS, Setup
from infer_compare.selftest.trial import SelfTest, run_selftest

__all__ = [
    "BATCH_SIZES",
    "SLOWDOWNS",
    "BackendFindings",
    "PlantedFindings",
    "SelfTest",
    "Setup",
    "SkippedBackend",
    "TwinFindings",
    "findings",
    "run_selftest",
]
