"""The text that a run is rendered to. `INFER_COMPARE_RUN` names the run; this repository's example by default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from infer_compare_openmetrics import OpenMetricsReporter

import infer_compare as ic
from infer_compare.testing import check_reporter

if TYPE_CHECKING:
    from infer_compare.reports import ReportDocument

RUN = Path(os.environ.get("INFER_COMPARE_RUN", Path(__file__).parents[3] / "docs" / "example"))


@pytest.fixture(scope="module")
def made() -> ReportDocument:
    """The report document of a stored run."""
    return ic.load(RUN).document


def test_every_point_with_figures_has_its_throughput(made: ReportDocument) -> None:
    """To the last digit."""
    lines = [line for line in OpenMetricsReporter().render(made).splitlines() if line.startswith("infer_compare_thr")]
    figures = [point.figures for curve in made.curves for point in curve.points if point.figures is not None]
    assert [float(line.rpartition(" ")[2]) for line in lines] == [figure.throughput for figure in figures]


def test_a_family_is_described_once_for_several_runs_and_the_text_has_an_end(made: ReportDocument) -> None:
    """As the format demands."""
    lines = OpenMetricsReporter().render_many([made, made]).splitlines()
    assert sum(line.startswith("# TYPE infer_compare_latency_seconds") for line in lines) == 1
    assert lines[-1] == "# EOF"


def test_the_format_passes_the_checks_of_infer_compare() -> None:
    """With made-up runs: complete and cut-off ones, missing figures, odd names."""
    check_reporter(OpenMetricsReporter()).verify()
