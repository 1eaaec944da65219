"""A buffer for the last part of a worker's output."""

from __future__ import annotations

from infer_compare.foreign import escaped

CAPACITY = 16 * 1024


class Ring:
    """Keeps the last 16 KiB of an output of any length."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Starts empty."""
        self._capacity = capacity
        self._bytes = bytearray()

    def add(self, part: bytes) -> None:
        """Append output, and drop the oldest."""
        self._bytes += part
        if len(self._bytes) > self._capacity:
            del self._bytes[: len(self._bytes) - self._capacity]

    @property
    def text(self) -> str:
        """The kept output as text; control characters and bytes that are not UTF-8 are escaped."""
        return escaped(self._bytes.decode("utf-8", "backslashreplace").strip(), keep="\n\t")
