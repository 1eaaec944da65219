"""Measures the ONNX coverage of a backend with the node tests of the `onnx` package and the built-in models.

Each case is a small model with inputs and the correct outputs. Cases run in parallel processes, any of which may crash or
hang. `infer-compare plugin check NAME --onnx`, `BackendConformance` with `onnx = True`, and the writer of docs/coverage.md
use it.
"""

from infer_compare.testing.coverage.measure import measure_coverage
from infer_compare.testing.coverage.page import page
from infer_compare.testing.coverage.record import BackendCoverage, CaseResult, Coverage

__all__ = ["BackendCoverage", "CaseResult", "Coverage", "measure_coverage", "page"]
