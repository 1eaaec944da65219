"""What every struct of the document is."""

from __future__ import annotations

import msgspec

Axes = tuple[tuple[str, int], ...]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything in the document; never made itself."""
