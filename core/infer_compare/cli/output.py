"""Where a report goes and in which format: the ending of a file chooses it, and a terminal gets only what it can show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.cli import stdout

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDARD_OUTPUT = Path("-")
"""What is typed after `-o` for it."""
TEXT = "text"
BROWSED = frozenset({".html", ".svg"})
"""Endings of formats that are text and that nobody reads in a terminal."""


def target_of(output: Path | None) -> Path | None:
    """Return the file that is named; None where it is standard output."""
    return None if output == STANDARD_OUTPUT else output


def format_for(target: Path | None, given: str | None, endings: Mapping[str, str]) -> str:
    """Return the name of the format.

    Args:
        target: the file to write; None for standard output.
        given: the format that was asked for by its name.
        endings: the ending of each format's files, by the format's name.

    Raises:
        UsageError: the ending of the file belongs to another format than the one that was asked for, or to none.
    """
    from infer_compare.errors import UsageError
    from infer_compare.report.endings import fitting
    from infer_compare.stats.wording import listing

    if target is None or not target.suffix:
        return given or TEXT
    names = fitting(target, endings)
    if given is None:
        if not names:
            raise UsageError(
                f"{target} does not say its format by its ending; name one with --format, or use one of "
                f"{listing(list(dict.fromkeys(endings.values())), 'or')}."
            )
        return names[0]
    if names and given in endings and given not in names:
        raise UsageError(
            f"--format {given} and the ending of {target} contradict each other; leave out --format, or write "
            f"-o {target.with_suffix(endings[given])}."
        )
    return given


def check_terminal(name: str, ending: str, example: str) -> None:
    """Look whether a format may be printed where standard output leads.

    Args:
        name: of the format.
        ending: of its files.
        example: the command that writes a file, up to the name of the file.

    Raises:
        UsageError: standard output is a terminal, and the format is not for one.
    """
    if ending in BROWSED and is_terminal():
        raise not_for_a_terminal(name, ending, example)


def not_for_a_terminal(name: str, ending: str, example: str) -> Exception:
    """Return the error that says so, with what to type."""
    from infer_compare.errors import UsageError

    return UsageError(
        f"The format {name!r} is not for a terminal; write it to a file: {example} -o report{ending} (or send it through a pipe)."
    )


def is_terminal() -> bool:
    """Return whether standard output leads to a terminal."""
    return bool(getattr(stdout.stream(), "isatty", bool)())
