"""`infer-compare runs`: date, state, model, contenders, folder and answer of each run, at any width."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from infer_compare.cli.runs import command, lines, middle_out
from infer_compare.store import StoredRun

EXAMPLE = Path(__file__).parents[3] / "docs" / "example"
FOLDER = "experiments/of-last-week/2026-11-30-071022-resnet50-with-a-long-name"
RUN = StoredRun(
    FOLDER, "2026-11-30T07:10:22+00:00", "resnet50", ("onnx", "torch"), "complete", "onnx at batch 32, 12,300 samples/s"
)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_run_has_two_lines_that_fit(width) -> None:
    """With both ends of its folder, and its whole answer."""
    first, second = lines([RUN], width)
    assert max(cell_len(first), cell_len(second)) <= width
    assert "complete     resnet50 on onnx, torch" in first
    assert second.endswith(RUN.answer)
    assert second.startswith("  experi")
    assert second.partition("  onnx")[0].endswith("name")


def test_nothing_is_cut_in_a_pipe() -> None:
    """Scripts read one line a run."""
    (line,) = lines([RUN], None)
    assert FOLDER in line
    assert line.endswith(RUN.answer)


@pytest.mark.parametrize("width", range(1, 30))
def test_a_path_is_cut_in_its_middle(width) -> None:
    """Wide characters count twice."""
    cut = middle_out("runs/模型-2026-模型", width)
    assert cell_len(cut) <= width
    assert cut == "runs/模型-2026-模型" or cut.count("…") == 1


def test_the_stored_example_is_listed_with_its_answer(tmp_path) -> None:
    """As its report has it; JSON has the same."""
    shutil.copytree(EXAMPLE, tmp_path / "runs" / "one")
    told = CliRunner().invoke(command, [str(tmp_path / "runs")], standalone_mode=False)
    assert "onnx at batch 4, 5,434 samples/s" in told.output
    assert "complete" in told.output
    assert '"answer": "onnx at batch 4' in CliRunner().invoke(command, [str(tmp_path / "runs"), "--json"]).output
