"""Hooks of a plugin, looked up and called."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from infer_compare.foreign import one_line, text_of
from infer_compare.interfaces import PROJECT
from infer_compare.plugins.guard import PluginFailed, guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pluggy

    from infer_compare.plugins.entries import Origin

MOST = 1000
"""Objects that one hook may return; one that returns more is taken for endless."""


def marked(plugin: object) -> Iterator[str]:
    """Yield the names of a plugin's functions that are marked as hook implementations."""
    for name in dir(plugin):
        try:
            with guarded(f"looking at {name} of a plugin"):
                options = getattr(getattr(plugin, name), f"{PROJECT}_impl", None)
                found = None if options is None else text_of(options.get("specname") or name)
        except PluginFailed:
            continue
        if found is not None:
            yield found


def called(manager: pluggy.PluginManager, plugin: object, origin: Origin, hook: str) -> list[Any]:
    """Return what one plugin returns for a registering hook; nothing when it does not implement it.

    Raises:
        PluginFailed: it raised, or returned something that is not a sequence, or has no end.
    """
    with guarded(f"calling {hook} of the plugin {origin}"):
        found: list[Any] = []
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            if implementation.plugin is plugin:
                returned = implementation.function()
                found += islice(returned if returned is not None else (), MOST + 1)
        if len(found) > MOST:
            raise ValueError(f"{hook} returned more than {MOST} objects")
        return found


def name_of(candidate: object) -> str | None:
    """Return the name of a backend that cannot be used, by which it may be asked for."""
    try:
        with guarded("reading a name"):
            name = getattr(candidate, "name", None)
            return one_line(name, MOST) if isinstance(name, str) else None
    except PluginFailed:
        return None
