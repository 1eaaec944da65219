"""Lazy names of a public module, imported when they are first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazily(module: str, places: Mapping[str, str]) -> Callable[[str], object]:
    """Return a module's `__getattr__` that imports names from other modules on first use.

    Args:
        module: the name of the module.
        places: for each lazy name, the module that defines it.
    """

    def get(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return getattr(importlib.import_module(places[name]), name)

    return get
