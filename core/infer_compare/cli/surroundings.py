"""Checks the working folder and the folders in environment variables before a command runs."""

from __future__ import annotations

import os

from infer_compare.errors import UsageError

FOLDERS = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "INFER_COMPARE_CACHE")
"""Environment variables that name folders with files of a run or a model."""


def check_surroundings() -> None:
    """Check that the working folder exists, and that its name and those in the environment are UTF-8.

    Paths in these folders are stored in runs and sent to workers as text.

    Raises:
        UsageError: the working folder was removed, or the name of a folder is not UTF-8.
    """
    try:
        place = os.getcwd()  # noqa: PTH109 - pathlib would have to be imported
    except OSError:
        raise UsageError("The working folder no longer exists; change to another folder.") from None
    for what, folder in (("The working folder", place), *((name, os.environ.get(name, "")) for name in FOLDERS)):
        if not is_text(folder):
            raise UsageError(
                f"{what} {folder!r} is not valid UTF-8 and cannot be stored in a run; use a folder with another name."
            )


def is_text(word: str) -> bool:
    """Return whether a word can be encoded as UTF-8; undecodable bytes arrive as surrogates, which cannot."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
