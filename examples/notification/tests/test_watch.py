"""The file that points are appended to. `INFER_COMPARE_RUN` names a run; this repository's example by default."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import infer_compare_watch
import pytest

import infer_compare as ic

RUN = Path(os.environ.get("INFER_COMPARE_RUN", Path(__file__).parents[3] / "docs" / "example"))
SAMPLE = re.compile(r'(\w+)\{((?:\w+="(?:[^"\\]|\\.)*",?)+)\} (\S+) (\d+\.\d+)')


def tell(result: ic.Result) -> None:
    """Tell the plugin what it is told at the end of a run: each point, with the figures of the report."""
    figures = {
        (point.contender, point.point): point.figures for curve in result.document.curves for point in curve.points
    }
    infer_compare_watch.infer_compare_run_started(result.run.header)
    for point in result.run.points:
        infer_compare_watch.infer_compare_point_finished(point, figures[point.contender, point.point])


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, after every point of a stored run was told."""
    path = tmp_path / "points.prom"
    monkeypatch.setenv(infer_compare_watch.VARIABLE, str(path))
    tell(ic.load(RUN))
    return path


def test_every_point_is_a_sample_with_the_figure_of_the_report(watched: Path) -> None:
    """NaN for those without figures."""
    matches = [match for line in watched.read_text().splitlines() if (match := SAMPLE.fullmatch(line))]
    points = [point for curve in ic.load(RUN).document.curves for point in curve.points]
    wanted = sorted(point.figures.throughput for point in points if point.figures is not None)
    values = [float(row[3]) for row in matches]
    assert sorted(value for value in values if not math.isnan(value)) == wanted
    assert len(matches) == len(points)


def test_the_text_is_whole_after_every_point(watched: Path) -> None:
    """One family, described once, and one end."""
    lines = watched.read_text().splitlines()
    assert sum(line.startswith("# TYPE") for line in lines) == 1
    assert [index for index, line in enumerate(lines) if line == "# EOF"] == [len(lines) - 1]


def test_another_run_is_appended(watched: Path) -> None:
    """What was there stays."""
    before = watched.read_text().removesuffix("# EOF\n")
    tell(ic.load(RUN))
    assert watched.read_text().startswith(before)


def test_without_the_variable_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed plugin that nobody asks does nothing."""
    monkeypatch.delenv(infer_compare_watch.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    tell(ic.load(RUN))
    assert list(tmp_path.iterdir()) == []
