"""The format of a report file, from the ending of its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def fitting(path: Path, endings: Mapping[str, str]) -> list[str]:
    """Return the names of the formats whose files have this ending, the best match first; empty for a file without an ending.

    A longer ending such as `.bench.json` is a better match than `.json` if the file's name has all of it.

    Args:
        path: the path of the file.
        endings: the ending of each format's files, by the format's name.
    """
    name, suffix = path.name.lower(), path.suffix.lower()
    if not suffix:
        return []
    names = [known for known, ending in endings.items() if Path(f"x{ending}").suffix == suffix]
    return sorted(names, key=lambda known: (name.endswith(endings[known]), len(endings[known])), reverse=True)


def format_of_file(path: Path, endings: Mapping[str, str]) -> str:
    """Return the name of the format with the ending of a file.

    Args:
        path: the path of the file.
        endings: the ending of each format's files, by the format's name.

    Raises:
        UsageError: no format has it.
    """
    if names := fitting(path, endings):
        return names[0]
    known = ", ".join(dict.fromkeys(endings.values()))
    raise UsageError(f"{path} does not have the ending of a format ({known}); use one of these, or pass format='html'.")
