"""What reads, converts and loads models before anything is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.plugins import Plugins
from infer_compare.preparation.resolve import resolve
from infer_compare.request.options import RunOptions
from infer_compare.worker.client import InProcess

if TYPE_CHECKING:
    from pathlib import Path


def test_data_is_made_by_the_workers_that_the_run_is_given(tmp_path: Path) -> None:
    """Under the cap of the run; no process is started where they are none."""
    (tmp_path / "rows.py").write_text(
        "import numpy as np\n\n\ndef make():\n    return {'features': np.ones((4, 64), np.float32)}\n", encoding="utf-8"
    )
    launched: list[tuple[str | None, int]] = []

    def launch(python: str | None, *, max_memory: int) -> InProcess:
        launched.append((python, max_memory))
        return InProcess()

    options = RunOptions(
        model="mlp", backends=("reference",), data=f"{tmp_path / 'rows.py'}:make", max_memory=2**30, threads=1
    )
    resolved = resolve(options, Plugins.discover(block=["*"]), tmp_path, launch=launch)

    assert launched == [(None, 2**30)]
    assert (resolved.header.plan.data_rows, resolved.settings.max_memory) == (4, 2**30)
