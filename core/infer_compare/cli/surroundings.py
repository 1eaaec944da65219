"""What a command needs of the place that it is started in: folders that are there, with names that can be written down."""

from __future__ import annotations

import os

from infer_compare.errors import UsageError

FOLDERS = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "INFER_COMPARE_CACHE")
"""Variables that name folders in which files of a run or of a model lie."""


def check_surroundings() -> None:
    """Look at the working folder and at the folders that the environment names.

    Paths in them are stored in runs and sent to workers, as text.

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
    """Return whether a word can be written down; bytes that are not text arrive as surrogates."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
