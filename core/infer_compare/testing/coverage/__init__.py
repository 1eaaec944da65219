"""What a backend makes of ONNX: the node tests of the `onnx` package and the built-in models, and a page about it.

Each case is a small model with inputs and the outputs that are right. Cases run in parallel processes, any of which may
crash or hang. `infer-compare plugin check NAME --onnx` does this, `BackendConformance` does with `onnx = True`, and
docs/coverage.md is written by it.
"""

from infer_compare.testing.coverage.measure import measure_coverage
from infer_compare.testing.coverage.page import page
from infer_compare.testing.coverage.record import BackendCoverage, CaseResult, Coverage

__all__ = ["BackendCoverage", "CaseResult", "Coverage", "measure_coverage", "page"]
