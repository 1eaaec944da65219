"""Which format the ending of a file's name means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def fitting(path: Path, endings: Mapping[str, str]) -> list[str]:
    """Return the names of the formats whose files end like this one, the best first; none for a file without an ending.

    Of `.json` and `.bench.json`, the longer one is better where the whole of it stands at the end of the file's name.

    Args:
        path: of the file.
        endings: the ending of each format's files, by the format's name.
    """
    name, suffix = path.name.lower(), path.suffix.lower()
    if not suffix:
        return []
    names = [known for known, ending in endings.items() if Path(f"x{ending}").suffix == suffix]
    return sorted(names, key=lambda known: (name.endswith(endings[known]), len(endings[known])), reverse=True)


def format_of_file(path: Path, endings: Mapping[str, str]) -> str:
    """Return the name of the format that the ending of a file means.

    Args:
        path: of the file.
        endings: the ending of each format's files, by the format's name.

    Raises:
        UsageError: it means none.
    """
    if names := fitting(path, endings):
        return names[0]
    known = ", ".join(dict.fromkeys(endings.values()))
    raise UsageError(f"{path} does not have the ending of a format ({known}); use one of these, or pass format='html'.")
