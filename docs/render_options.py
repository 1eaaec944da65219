"""Writes what repeats the declaration of the options: their table in `docs/config-file.md`, and the keywords of `sweep` and `tune`.

python docs/render_options.py

The tests look that both are up to date.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from infer_compare.request import axes, values
from infer_compare.request.options import declared

if TYPE_CHECKING:
    from infer_compare.request.option import Declared

PAGE = Path(__file__).parent / "config-file.md"
START, END = "<!-- written by docs/render_options.py -->\n", "<!-- until here -->\n"
KEYWORDS = Path(__file__).parents[1] / "core" / "infer_compare" / "api" / "keywords.py"

READ = {
    values.names: "str | Iterable[str]",
    values.batch_sizes: "str | int | Iterable[int]",
    values.precisions: "str | Iterable[str]",
    values.metrics: "str | Iterable[str]",
    values.threads: "str | int | Iterable[int]",
    values.instances: "str | int | Iterable[int | str]",
    axes.read_axes: "str | Iterable[str] | Mapping[str, str | Iterable[int]]",
    axes.read_mixes: "str | Iterable[str] | Mapping[str, str | Mapping[int, float]]",
    values.seconds: "str | timedelta",
    values.size: "str | int",
    values.share: "str | float",
    values.maps: "Iterable[str] | Mapping[str, Mapping[str, str]]",
}
"""What else than its own type an option can be given as in Python, by what reads it."""
OWN = {
    "contenders": "Iterable[str | Mapping[str, object]]",
    "inputs": "str | Iterable[str]",
    "data": "str | PathLike[str]",
}
KINDS = {tuple: "Iterable[str]", dict: "Mapping[str, str]"}


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


def keywords() -> str:
    """Return the module that tells type checkers and editors the keywords of `sweep` and `tune`."""
    return f'''"""The keywords of `infer_compare.sweep` and `tune`, for type checkers and editors: written by `docs/render_options.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta
    from os import PathLike


class SweepKeywords(TypedDict, total=False):
    """The options of a run besides its model. None means not given."""

{_fields(None)}

class TuneKeywords(TypedDict, total=False):
    """The options of a search for the fastest configuration besides its model. None means not given."""

{_fields("tune")}'''


def _fields(command: str | None) -> str:
    return "".join(
        f"    {name}: {_python_type(declaration)} | None\n"
        for name, declaration in declared().items()
        if name != "model" and (command is None or declaration.belongs_to(command))
    )


def _python_type(declaration: Declared) -> str:
    if declaration.kind is Literal:
        return f"Literal[{', '.join(f'{chr(34)}{choice}{chr(34)}' for choice in get_args(declaration.type))}]"
    read = declaration.option.read
    return (
        OWN.get(declaration.name)
        or (READ[read] if read is not None else None)
        or KINDS.get(declaration.kind)
        or declaration.kind.__name__
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    KEYWORDS.write_text(keywords(), encoding="utf-8")
