"""The columns of an answer about capacity are told where those of reports are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import capacity_answers
from infer_compare.api import load_run
from infer_compare.report.capacity import document
from infer_compare.report.capacity.rows import columns, rows

if TYPE_CHECKING:
    from pathlib import Path

ENDS = re.compile(r"latency_p\d+_(low|high)_ms")
"""They are told of one percentile."""


def test_each_column_of_an_answer_about_capacity_is_told(root: Path) -> None:
    """Under the name that it has in CSV and in data frames."""
    text = (root / "docs" / "report-formats.md").read_text(encoding="utf-8")
    answer = capacity_answers.at_rate(replayed=(capacity_answers.replayed(),))
    made = document(answer, load_run(root / "docs" / "example"))
    names = columns([made])
    assert [name for name in names if ENDS.fullmatch(name) is None and f"`{name}`" not in text] == []
    assert {name for row in rows(made) for name in row} == set(names)
