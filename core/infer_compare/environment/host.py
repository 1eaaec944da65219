"""Reading the kernel's files about a machine."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class Host(msgspec.Struct, frozen=True):
    """A machine whose `/proc` and `/sys` are in the folder `root`: this machine, or a recording of another."""

    root: Path = Path("/")

    def path(self, absolute: str) -> Path:
        """Return the path of a file or folder of the machine, below `root`."""
        return self.root / absolute.lstrip("/")

    @property
    def has_proc(self) -> bool:
        """Whether the machine has a `/proc` folder, as Linux has."""
        return self.path("/proc").is_dir()

    def text(self, absolute: str) -> str | None:
        """Return the content of a file, without white space at its ends; None if it is missing or unreadable."""
        content = read(str(self.path(absolute)))
        return None if content is None else content.decode(errors="replace").strip()

    def number(self, absolute: str) -> int | None:
        """Return the integer in a file; None if the file is missing or contains something else."""
        text = self.text(absolute)
        try:
            return int(text) if text is not None else None
        except ValueError:
            return None

    def fields(self, absolute: str) -> dict[str, int]:
        """Return the integers by name in a file with lines such as `MemTotal: 16 kB` or `nr_throttled 3`."""
        numbers: dict[str, int] = {}
        for line in (self.text(absolute) or "").splitlines():
            match line.replace(":", " ", 1).split():
                case [name, value, *_] if value.isdecimal():
                    numbers[name] = int(value)
        return numbers

    def names(self, absolute: str) -> tuple[str, ...]:
        """Return the sorted names in a folder; empty if it is missing."""
        try:
            return tuple(sorted(entry.name for entry in self.path(absolute).iterdir()))
        except OSError:
            return ()


LOCAL = Host()
"""This machine."""


def parse_list(text: str) -> frozenset[int]:
    """Return the numbers in a kernel list such as `0-3,8`.

    Raises:
        ValueError: the text is not such a list.
    """
    numbers: set[int] = set()
    for part in filter(None, text.split(",")):
        first, dash, last = part.partition("-")
        numbers.update(range(int(first), int(last if dash else first) + 1))
    return frozenset(numbers)


def read(path: str) -> bytes | None:
    """Return the content of a kernel file, read with minimal overhead; None if it is missing or unreadable."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        parts = []
        while part := os.read(descriptor, 65_536):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return None
    finally:
        os.close(descriptor)
