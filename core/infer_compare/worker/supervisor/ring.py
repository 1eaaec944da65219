"""The last part of what a worker wrote, however much that was."""

from __future__ import annotations

from infer_compare.foreign import escaped

CAPACITY = 16 * 1024


class Ring:
    """Keeps the last 16 kB."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Starts empty."""
        self._capacity = capacity
        self._bytes = bytearray()

    def add(self, part: bytes) -> None:
        """Append text, and drop what is too old."""
        self._bytes += part
        if len(self._bytes) > self._capacity:
            del self._bytes[: len(self._bytes) - self._capacity]

    @property
    def text(self) -> str:
        """What is kept, as text; bytes that are no text, and control characters, are written out."""
        return escaped(self._bytes.decode("utf-8", "backslashreplace").strip(), keep="\n\t")
