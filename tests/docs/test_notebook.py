"""The notebook of the documentation works from its first cell to its last."""

from __future__ import annotations

import re

import pytest

from .conftest import load_script  # type: ignore[import-not-found]

nbformat = pytest.importorskip("nbformat")


@pytest.fixture
def notebook(root):
    """As it is stored."""
    return nbformat.read(root / "docs" / "notebook.ipynb", as_version=4)


def _shown(notebook):
    """What each cell of code shows, as one text."""
    outputs = ["".join(map(str, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"]
    assert not any("'output_type': 'error'" in text for text in outputs)
    return outputs


def _is_whole(shown):
    """Whether the cells show an answer, a plot, a comparison, the list of runs and their table."""
    first, plot, best, comparison, runs, table, recommended = shown
    assert "<strong>mlp</strong>" in first
    assert "No answer" not in first
    assert "Plotly.newPlot" in plot
    assert "PointRow" in best or "None" in best
    assert "mlp" in comparison
    assert runs.count("<tr>") == 4
    assert len(set(re.findall(r"\d{8}T\d{6}-[0-9a-f]{6}", table))) == 3
    assert "throughput_low" in recommended


def test_the_stored_notebook_shows_what_it_speaks_of(notebook) -> None:
    """It is small, and brings no library along."""
    nbformat.validate(notebook)
    _is_whole(_shown(notebook))
    assert len(nbformat.writes(notebook)) < 200_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_notebook_works_in_an_empty_folder(notebook, tmp_path, calm, monkeypatch) -> None:
    """From a sweep to a plot, a comparison and a table of three runs."""
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    for name, value in calm().items():
        monkeypatch.setenv(name, value)
    executed = load_script("render_notebook").executed(notebook, tmp_path)
    _is_whole(_shown(executed))
    assert len(list((tmp_path / "runs").iterdir())) == 3
