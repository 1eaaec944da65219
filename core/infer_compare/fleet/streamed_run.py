"""The local copy of a job's run file, written from the lines that its machine sends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from infer_compare.errors import StorageLost
from infer_compare.store import FILE

if TYPE_CHECKING:
    from pathlib import Path

HELD_BACK = 64 << 20
"""The most bytes that are kept in memory while earlier ones are missing."""


class StreamedRun:
    """Writes lines in the order of their offsets; they may arrive repeatedly and in any order."""

    def __init__(self, folder: Path, attempt: int) -> None:
        """Begin the file of an attempt; that of the previous attempt is renamed to `attempt-N.jsonl`.

        Raises:
            StorageLost: the folder cannot be written.
        """
        self.path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self.path.exists():
                self.path.rename(folder / f"attempt-{attempt - 1}.jsonl")
            self._file = self.path.open("xb")
        except OSError as error:
            raise StorageLost(f"The run folder {folder} cannot be written: {error.strerror}.") from error
        self._size = 0
        self._ahead: dict[int, bytes] = {}

    def take(self, offset: int, text: str) -> bytes:
        """Write lines, together with buffered lines that follow them; buffer lines that come too early.

        Args:
            offset: of their first byte in the file.
            text: complete lines.

        Returns:
            The bytes that were appended to the file.

        Raises:
            StorageLost: the file cannot be written.
        """
        data = text.encode()
        if offset > self._size:
            held = sum(map(len, self._ahead.values()))
            if len(self._ahead.get(offset, b"")) < len(data) <= HELD_BACK - held:
                self._ahead[offset] = data
            return b""
        new = data[self._size - offset :]
        for place in sorted(self._ahead):
            end = self._size + len(new)
            if place > end:
                break
            new += self._ahead.pop(place)[end - place :]
        try:
            self._file.write(new)
            self._file.flush()
        except OSError as error:
            raise StorageLost(f"The run file {self.path} cannot be written: {error.strerror}.") from error
        self._size += len(new)
        return new

    def close(self) -> None:
        """Flush the file to disk and close it; remove it if it is empty."""
        if self._file.closed:
            return
        os.fsync(self._file.fileno())
        self._file.close()
        if not self._size:
            self.path.unlink(missing_ok=True)
