"""Measures which of ONNX's own node tests the importers pass, and writes it to `docs/coverage.md`.

The tests look that the page is up to date.

    python docs/render_coverage.py
"""

from __future__ import annotations

from pathlib import Path

from infer_compare.plugins import Plugins
from infer_compare.testing.coverage import Coverage, measure_coverage, page
from infer_compare.testing.coverage.measure import Measured

PAGE = Path(__file__).parent / "coverage.md"
IMPORTERS = ("torch", "tensorflow")


def measure() -> Coverage:
    """Return what the importers make of every case."""
    entries = map(Plugins.discover().find, IMPORTERS)
    return measure_coverage([Measured(entry.name, entry.reference) for entry in entries])


def text(coverage: Coverage) -> str:
    """Return the text of the page."""
    return page(coverage, command="docs/render_coverage.py")


if __name__ == "__main__":
    PAGE.write_text(text(measure()), encoding="utf-8")
