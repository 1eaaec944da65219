"""A run file that ends after any record, or in the middle of one, makes every report."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from infer_compare.report import document, render
from infer_compare.report.reporters import BUILT_IN
from infer_compare.report.text import renderables
from infer_compare.results import Death, Died, Note, OperatingPoint, OutOfMemory, Skipped
from infer_compare.store.log import FILE, RunLog, read_run

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Story
    from infer_compare.results import Run


@pytest.fixture
def run_file(story: type[Story], tmp_path: Path) -> Path:
    """Holds a record of every kind: contenders that take no part, memory, a death, rejections, notes, a bound."""
    died = Died(exit_code=-9, signal="SIGKILL", phase="measure", stderr_tail="gone\n")
    told = story(
        curves={"onnx": {1: 0.5, 2: 0.7, 4: 1.1}, "torch": {1: 1.5, 2: 1.8}, "absent": {1: 1.0}},
        unusable={"absent": Skipped(reason="absent is not installed")},
        outcomes={("torch", 2): OutOfMemory(reason="cap", evidence="raised", phase="explore")},
        imported=("torch",),
        refused=(1,),
        restarts=3,
        rounds=1,
        plan={"latency_bound_ns": 1_500_000},
        extra=(
            Death(contender="torch", restart=3, phase="measure", point=OperatingPoint(1), outcome=died),
            Note(topic="machine", text="the machine was busy"),
        ),
    )
    with RunLog(tmp_path / FILE, create=True) as log:
        for record in told.records():
            log.append(record)
    return tmp_path / FILE


def all_reports(run: Run) -> dict[str, str | bytes]:
    """Every report by its name, and the text with all its details; PNG is the same drawing as SVG."""
    made = document(run)
    reports = {reporter.name: render(reporter, made) for reporter in BUILT_IN if reporter.name != "png"}
    file = io.StringIO()
    console = Console(file=file, width=120, color_system=None)
    for one in renderables(made, verbose=True):
        console.print(one)
    return {**reports, "verbose": file.getvalue()}


def first_of_each_kind(lines: list[bytes]) -> list[int]:
    """How many lines there are up to the first record of each kind, and before the last one."""
    kinds: dict[str, int] = {}
    for number, line in enumerate(lines[:-1], 1):
        kinds.setdefault(json.loads(line)["type"], number)
    return sorted({*kinds.values(), len(lines) - 1})


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["kinds", "records"])
def test_every_prefix_of_a_run_file_makes_every_report(run_file: Path, every: bool) -> None:
    """Cut after a record of each kind, and after each record, the run reads as interrupted, and no report fails."""
    lines = run_file.read_bytes().splitlines(keepends=True)
    lengths = range(1, len(lines)) if every else first_of_each_kind(lines)
    for length in lengths:
        run_file.write_bytes(b"".join(lines[:length]))
        reports = all_reports(read_run(run_file))
        assert all(reports.values())
        assert "the run was interrupted before its end" in reports["text"]
        assert "the run was interrupted before its end" in reports["markdown"]


def test_a_record_that_was_torn_is_as_if_it_had_never_been(run_file: Path) -> None:
    """The reports are those of the records before it."""
    lines = run_file.read_bytes().splitlines(keepends=True)
    for length in (2, len(lines) // 2, len(lines) - 1):
        run_file.write_bytes(b"".join(lines[:length]))
        whole = all_reports(read_run(run_file))
        run_file.write_bytes(b"".join(lines[:length]) + lines[length][: len(lines[length]) // 2])
        assert all_reports(read_run(run_file)) == whole


def test_the_whole_file_makes_reports_of_a_complete_run(run_file: Path) -> None:
    """Its answer keeps the bound, and everything that went wrong is told."""
    reports = all_reports(read_run(run_file))
    assert reports["text"].splitlines()[1] == "  Use onnx at batch 4 for p95 within 1.50 ms."
    assert "absent is not ranked: it was not run (absent is not installed)" in reports["text"]
    assert "torch at batch 1: it died of SIGKILL while it was measured, in restart 3" in reports["markdown"]
    assert "the machine was busy" in reports["verbose"]
    assert '"state": "complete"' in reports["json"]
    assert len(reports["csv"].splitlines()) == 1 + 3 * 3
