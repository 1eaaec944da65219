"""Writes the table of columns into `docs/report-formats.md`, from their declaration. The tests look that it is up to date.

python docs/render_columns.py
"""

from __future__ import annotations

from pathlib import Path

from infer_compare.report.metrics import METRICS

PAGE = Path(__file__).parent / "report-formats.md"
START, END = "<!-- written by docs/render_columns.py -->\n", "<!-- until here -->\n"


def table() -> str:
    """Return one row for each column."""
    rows = [f"| `{metric.name}` | {metric.description.replace('|', chr(92) + '|')} |" for metric in METRICS]
    return "\n".join(["| column | holds |", "|---|---|", *rows]) + "\n"


def page(text: str) -> str:
    """Return the text of the page with the table as it is now."""
    before, rest = text.split(START)
    return before + START + "\n" + table() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
