"""Carries out `docs/notebook.ipynb` in an empty folder and keeps what its cells show. The tests carry it out too.

The plot is kept as HTML without the library, which the page brings along. Run it where nothing else runs:

    python docs/render_notebook.py
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOK = Path(__file__).parent / "notebook.ipynb"
PLOT = "application/vnd.plotly.v1+json"
HTML = "text/html"


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Return the notebook with what its cells show when they are carried out in a folder."""
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    for cell in notebook.cells:
        cell.metadata.clear()
        cell.pop("execution_count", None)
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [output for output in map(_kept, cell.outputs) if output is not None]
    notebook.metadata = nbformat.from_dict({"kernelspec": notebook.metadata["kernelspec"]})
    return notebook


def _kept(output: Any) -> Any:  # noqa: ANN401 - a node of any kind
    """Return an output as it is stored; None where it leaves nothing to see."""
    output.pop("execution_count", None)
    if "execution_count" in output or output.output_type == "execute_result":
        output.execution_count = None
    output.get("metadata", {}).clear()
    data = output.get("data", {})
    if PLOT in data:
        figure = data.pop(PLOT)
        figure["layout"]["template"].pop("data", None)
        parts = ", ".join(json.dumps(figure[part]).replace("</", "<\\/") for part in ("data", "layout"))
        # The page brings the library along after its text.
        draw = f'addEventListener("load", () => Plotly.newPlot("plot", {parts}, {{responsive: true}}))'
        data[HTML] = f'<div id="plot" style="height: 420px"></div><script>{draw}</script>'
    if HTML in data:
        # Styles of data frames would be the same for every page.
        data[HTML] = re.sub(r"<style scoped>.*?</style>\s*", "", data[HTML], flags=re.DOTALL)
    return output if data.get(HTML, data.get("text/plain", output.get("text", ""))) else None


if __name__ == "__main__":
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        made = executed(notebook, Path(folder))
    nbformat.write(made, NOTEBOOK)
