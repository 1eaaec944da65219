"""Names of the parts of a module under construction, none of them taken twice."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


class Names:
    """The names that a module's parts and inputs have."""

    def __init__(self, root: nn.Module) -> None:
        """Reserve the names that every module has already."""
        self._root = root
        self._taken: set[str] = set()

    def unique(self, name: str) -> str:
        """Return a free name like the one given, and take it."""
        base = identifier(name) or "value"
        target, count = base, 1
        while target in self._taken or hasattr(self._root, target):
            target, count = f"{base}_{count}", count + 1
        self._taken.add(target)
        return target


def identifier(name: str) -> str:
    """Return the name as Python takes it for an argument of a method; empty if nothing of it remains."""
    text = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    return f"_{text}" if text[:1].isdigit() or keyword.iskeyword(text) or text == "self" else text
