"""Writes what answers about capacity assume into `docs/how-to/capacity.md`, as reports say it. The tests look that it is up to date.

python docs/render_assumptions.py
"""

from __future__ import annotations

from pathlib import Path

from infer_compare.report.capacity.sections import ASSUMPTIONS

PAGE = Path(__file__).parent / "how-to" / "capacity.md"
START, END = "<!-- written by docs/render_assumptions.py -->\n", "<!-- until here -->\n"


def items() -> str:
    """Return an item of a list for each assumption."""
    return "".join(f"- {text[0].upper()}{text[1:]}.\n" for text in ASSUMPTIONS)


def page(text: str) -> str:
    """Return the text of the page with the assumptions as they are now."""
    before, rest = text.split(START)
    return before + START + "\n" + items() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
