"""The base class of the document's structs."""

from __future__ import annotations

import msgspec

Axes = tuple[tuple[str, int], ...]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base class of everything in the document."""
