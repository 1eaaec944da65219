"""The run file of a job, written here from what its machine sends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from infer_compare.errors import StorageLost
from infer_compare.store import FILE

if TYPE_CHECKING:
    from pathlib import Path

HELD_BACK = 64 << 20
"""Bytes that are kept beyond a gap."""


class StreamedRun:
    """Writes lines where they belong in the file, however often and in whatever order they come."""

    def __init__(self, folder: Path, attempt: int) -> None:
        """Begin the file of an attempt; that of an earlier one is kept beside it as `attempt-N.jsonl`.

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
        """Write lines, and those held back that follow them.

        Args:
            offset: byte of the file at which they begin.
            text: whole lines.

        Returns:
            What is new in the file.

        Raises:
            StorageLost: it cannot be written.
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
        """Close the file once it is on disk; one without any line is removed."""
        if self._file.closed:
            return
        os.fsync(self._file.fileno())
        self._file.close()
        if not self._size:
            self.path.unlink(missing_ok=True)
