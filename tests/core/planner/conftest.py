"""Runs as far as planning looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asked import header
from infer_compare.results import Run

if TYPE_CHECKING:
    from infer_compare.results import AnyRecord


def run_of(*records: AnyRecord, **plan: Any) -> Run:
    """A run of three contenders, `a`, `b` and `c`, with these records; further values change its plan."""
    return Run.fold([header(*"abc", **plan), *records])
