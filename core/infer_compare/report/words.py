"""Shared wording of reports: names on one line, sizes, operating points, shell commands."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from infer_compare.foreign import one_line
from infer_compare.stats.wording import listing, significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import OperatingPoint

MOST_PLACES = 6
"""With more operating points than this, only the number is given."""

_SHELL_ESCAPED = re.compile(r"['\\]|[^ -~\w]")


def plain(text: str) -> str:
    """Return an untrusted text on one line, without control characters.

    White space becomes single spaces; control characters, invisible formatting characters and lone surrogates are escaped.
    """
    return one_line(text)


def size(number: int) -> str:
    """Return a number of bytes in binary units, such as `1.21 GiB`."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if number >= 1000 * 1024 ** (power - 1):
            return f"{significant(number / 1024**power)} {unit}"
    return f"{number} B"


def places(points: Sequence[OperatingPoint]) -> str:
    """Return operating points in words, such as `batch 8`, `batch 8, 16 and 32` or `20 batch sizes from 4 to 80`."""
    if len(points) > 1 and len({point.axes for point in points}) == 1:
        sizes = sorted(point.batch for point in points)
        others = "".join(f", {name} {value}" for name, value in points[0].axes)
        if len(sizes) > MOST_PLACES:
            return f"{len(sizes)} batch sizes from {sizes[0]} to {sizes[-1]}{others}"
        return f"batch {listing([str(number) for number in sizes])}{others}"
    if len(points) > MOST_PLACES:
        return f"{len(points)} operating points"
    return listing([str(point) for point in points])


def shell_word(word: str) -> str:
    """Return a word quoted for a shell; a word with control characters uses `$'...'` of bash."""
    if word.isprintable():
        return shlex.quote(word)
    return f"$'{_SHELL_ESCAPED.sub(_escaped, word)}'"


def without_folder(words: Sequence[str]) -> tuple[str, ...]:
    """Return the command without its run folder, which would be refused since it already holds a run."""
    kept: list[str] = []
    value_follows = False
    for word in words:
        if value_follows:
            value_follows = False
        elif word in {"-o", "--output"}:
            value_follows = True
        elif not (word.startswith("--output=") or (word.startswith("-o") and len(word) > len("-o"))):
            kept.append(word)
    return tuple(kept)


def shell_line(words: Sequence[str]) -> str:
    """Return the command on one line."""
    return " ".join(map(shell_word, words))


def shell_lines(words: Sequence[str], width: int) -> list[str]:
    """Return the command on lines of at most `width` columns, joined by backslashes; an option stays beside its value.

    A word longer than a line gets its own line.
    """
    from rich.cells import cell_len

    lines: list[str] = []
    for piece in _pieces(words):
        # Two columns for the backslash.
        if lines and cell_len(lines[-1]) + 1 + cell_len(piece) + 2 <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(f"  {piece}" if lines else piece)
    return [*(f"{line} \\" for line in lines[:-1]), *lines[-1:]]


def _pieces(words: Sequence[str]) -> list[str]:
    pieces: list[str] = []
    before = ""
    for word in words:
        if before.startswith("-") and not word.startswith("-"):
            pieces[-1] += f" {shell_word(word)}"
        else:
            pieces.append(shell_word(word))
        before = word
    return pieces


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if character in "'\\":
        return f"\\{character}"
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))
