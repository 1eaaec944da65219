"""A file that grows, read in whole lines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART = 1 << 20
_ASCII = bytes(byte if byte < 128 else ord("?") for byte in range(256))


class Tail:
    """Yields each complete line of a growing file once. The file need not exist yet."""

    def __init__(self, path: Path) -> None:
        """Opens nothing."""
        self._path = path
        self._descriptor = -1
        self._offset = 0
        """Where the lines begin that were not yielded yet."""
        self._unfinished = b""

    def read(self) -> Iterator[tuple[int, str]]:
        """Yield new lines in pieces of about a megabyte, each with the offset in the file at which it begins, in bytes."""
        if self._descriptor < 0:
            try:
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return
        while part := os.read(self._descriptor, PART):
            whole, newline, self._unfinished = (self._unfinished + part).rpartition(b"\n")
            if newline:
                offset, self._offset = self._offset, self._offset + len(whole) + 1
                yield offset, _text(whole + newline)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _text(lines: bytes) -> str:
    """Return lines as a text that takes as many bytes, even if they are not UTF-8: the receiver counts on the offsets."""
    try:
        return lines.decode()
    except UnicodeDecodeError:
        return lines.translate(_ASCII).decode()
