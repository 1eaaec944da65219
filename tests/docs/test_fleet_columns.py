"""The columns of the report over a fleet are told where those of reports are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infer_compare.report.fleet.formats import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path


def test_each_column_of_the_report_over_a_fleet_is_told(root: Path) -> None:
    """In the order that they have in CSV, and no other is."""
    text = (root / "docs" / "report-formats.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^## Fleets$(.*)", text, re.MULTILINE | re.DOTALL)
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert tuple(name for cell in cells for name in re.findall(r"`(\w+)`", cell)) == COLUMNS
