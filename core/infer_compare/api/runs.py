"""Several stored runs as one table."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, overload

from infer_compare.api.interactive import load
from infer_compare.errors import UsageError
from infer_compare.store import FILE

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from infer_compare.api.result import Result


def load_runs(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, price: str | None = None) -> Runs:
    """Return stored runs, oldest first.

    Args:
        paths: a pattern of run folders such as `runs/*`, one folder, or several of either. Folders without a run are
            skipped if a pattern matched them.
        price: price of the machine, such as `"1.20/h"`.

    Raises:
        UsageError: a pattern matches no run, or the price cannot be parsed.
        StoreError: there is no run at a path, or a run cannot be read.
    """
    patterns = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    folders = [folder for pattern in patterns for folder in _folders(os.fspath(pattern))]
    results = [load(folder, price=price) for folder in dict.fromkeys(folders)]
    return Runs(sorted(results, key=lambda result: (result.run.header.created, result.run.header.run_id)))


def _folders(pattern: str) -> list[Path]:
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [Path(pattern)]
    paths = [Path(text) for text in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - a pattern may be absolute
    folders = [
        path.parent if path.name == FILE else path for path in paths if path.name == FILE or (path / FILE).exists()
    ]
    if not folders:
        raise UsageError(
            f"There is no run that {pattern!r} describes; write a pattern of run folders such as 'runs/*'."
        )
    return folders


class Runs(Sequence["Result"]):
    """Several runs, oldest first, as `load_runs` returns them."""

    def __init__(self, results: Sequence[Result]) -> None:
        """Keep the runs.

        Args:
            results: in their order.
        """
        self._results = tuple(results)

    @overload
    def __getitem__(self, index: int) -> Result: ...

    @overload
    def __getitem__(self, index: slice) -> Runs: ...

    def __getitem__(self, index: int | slice) -> Result | Runs:
        return Runs(self._results[index]) if isinstance(index, slice) else self._results[index]

    def __len__(self) -> int:
        return len(self._results)

    def to_pandas(self) -> pd.DataFrame:
        """Return the points of all runs as one data frame, with the columns of the CSV report.

        Raises:
            UsageError: pandas is not installed.
        """
        from infer_compare.report.frames import to_pandas

        return to_pandas(*(result.document for result in self._results))

    def to_arrow(self) -> pa.Table:
        """Return the points of all runs as one Arrow table; the metadata describes each run.

        Raises:
            UsageError: pyarrow is not installed.
        """
        from infer_compare.report.arrow import arrow_table

        return arrow_table([result.document for result in self._results])

    def __repr__(self) -> str:
        names = ", ".join(result.run.header.run_id for result in self._results)
        return f"<{len(self)} runs: {names}>"

    def _repr_html_(self) -> str:
        """A row for each run with its answer, as notebooks show it."""
        rows = "".join(_row(result) for result in self._results)
        head = "".join(f"<th>{name}</th>" for name in ("created", "model", "contenders", "answer", "folder"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(result: Result) -> str:
    document = result.document
    cells = (document.created, document.model.name, ", ".join(result.contenders), result.answer, str(result.folder))
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
