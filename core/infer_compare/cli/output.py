"""Chooses the file and the format of a report: by the suffix of the file; a terminal gets only text formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.cli import stdout

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDARD_OUTPUT = Path("-")
"""The value of `-o` that means standard output."""
TEXT = "text"
BROWSED = frozenset({".html", ".svg"})
"""Suffixes of text formats that are not meant for a terminal."""


def target_of(output: Path | None) -> Path | None:
    """Return the file that `-o` names; None for standard output."""
    return None if output == STANDARD_OUTPUT else output


def format_for(target: Path | None, given: str | None, endings: Mapping[str, str]) -> str:
    """Return the name of the format.

    Args:
        target: the file to write; None for standard output.
        given: the value of `--format`.
        endings: the file suffix of each format, by the format's name.

    Raises:
        UsageError: the suffix of the file belongs to another format than the given one, or to none.
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
    """Check that a format may be printed to standard output.

    Args:
        name: the name of the format.
        ending: the suffix of its files.
        example: the command that writes a file, without the file name.

    Raises:
        UsageError: standard output is a terminal, and the format is not meant for terminals.
    """
    if ending in BROWSED and is_terminal():
        raise not_for_a_terminal(name, ending, example)


def not_for_a_terminal(name: str, ending: str, example: str) -> Exception:
    """Return the error about a format that is not meant for a terminal, with what to type instead."""
    from infer_compare.errors import UsageError

    return UsageError(
        f"The format {name!r} is not for a terminal; write it to a file: {example} -o report{ending} (or send it through a pipe)."
    )


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return bool(getattr(stdout.stream(), "isatty", bool)())
