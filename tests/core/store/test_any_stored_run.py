"""Whatever a run file can hold can be reported, in every format, and held against itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from rich.console import Console

from infer_compare import api
from infer_compare.errors import UsageError
from infer_compare.report import document, render
from infer_compare.report.comparison import find_format
from infer_compare.report.reporters import BUILT_IN
from infer_compare.report.text import renderables
from infer_compare.store import FILE, RunLog, read_run

from .conftest import measured_runs  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.results import AnyRecord

# Shrinking would take minutes; a run that fails is small enough to be read.
QUICK = settings(
    deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
SLOW_FORMATS = frozenset({"png", "svg", "html"})


def reported(path: Path, formats: frozenset[str], widths: tuple[int, ...]) -> None:
    """Reads a run back and makes its reports, and a comparison of it with itself."""
    run = read_run(path)
    assert not run.damage
    made = document(run)
    for reporter in BUILT_IN:
        if reporter.name in formats:
            assert render(reporter, made)
    for width in widths:
        console = Console(file=io.StringIO(), width=width)
        for part in renderables(made, verbose=True):
            console.print(part)
    try:
        compared = api.compare(run, run)
    except UsageError:
        # Nothing was measured in it.
        return
    for name in ("text", "markdown", "html", "json"):
        assert find_format(name).render(compared)


def stored(path: Path, records: list[AnyRecord]) -> Path:
    """Writes a run file."""
    with RunLog(path, create=True) as log:
        for record in records:
            log.append(record)
    return path


@settings(QUICK, max_examples=3)
@given(records=measured_runs())
def test_any_run_that_can_be_stored_can_be_reported(folders: Callable[[], Path], records: list[AnyRecord]) -> None:
    """In the quick formats."""
    quick = frozenset(one.name for one in BUILT_IN) - SLOW_FORMATS
    reported(stored(folders() / FILE, records), quick, (80,))


@pytest.mark.slow
@settings(QUICK, max_examples=40)
@given(records=measured_runs())
def test_any_run_that_can_be_stored_can_be_reported_in_every_format(
    folders: Callable[[], Path], records: list[AnyRecord]
) -> None:
    """And in every width."""
    every = frozenset(one.name for one in BUILT_IN) - {"png"}
    reported(stored(folders() / FILE, records), every, (60, 80, 120))
