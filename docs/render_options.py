"""Writes the table of options into `docs/config-file.md`, from their declaration. The tests look that it is up to date.

python docs/render_options.py
"""

from __future__ import annotations

from pathlib import Path

from infer_compare.request.options import declared

PAGE = Path(__file__).parent / "config-file.md"
START, END = "<!-- written by docs/render_options.py -->\n", "<!-- until here -->\n"


def table() -> str:
    """Return one row for each option."""
    rows = ["| key | flag | value | what it says |", "|---|---|---|---|"]
    for name, declaration in declared().items():
        option = declaration.option
        flags = ", ".join(f"`{flag}`" if flag.startswith("-") else flag.upper() for flag in declaration.flags)
        rows.append(f"| `{name}` | {flags} | {declaration.value} | {option.help.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def page(text: str) -> str:
    """Return the text of the page with the table as it is now."""
    before, rest = text.split(START)
    return before + START + "\n" + table() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
