"""Looking up and calling the hooks of a plugin."""

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
"""The most objects that a hook may return; this also stops endless iterators."""


def marked(plugin: object) -> Iterator[str]:
    """Yield the names of a plugin's functions that are marked as hook implementations."""
    for name in dir(plugin):
        try:
            with guarded(f"looking at {name} of a plugin"):
                options = getattr(getattr(plugin, name), f"{PROJECT}_impl", None)
                hook = None if options is None else text_of(options.get("specname") or name)
        except PluginFailed:
            continue
        if hook is not None:
            yield hook


def called(manager: pluggy.PluginManager, plugin: object, origin: Origin, hook: str) -> list[Any]:
    """Return the objects that a plugin returns from a hook; none if it does not implement the hook.

    Raises:
        PluginFailed: the hook raised an exception, or returned something that is not iterable, or too many objects.
    """
    with guarded(f"calling {hook} of the plugin {origin}"):
        objects: list[Any] = []
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            if implementation.plugin is plugin:
                returned = implementation.function()
                objects += islice(returned if returned is not None else (), MOST + 1)
        if len(objects) > MOST:
            raise ValueError(f"{hook} returned more than {MOST} objects")
        return objects


def name_of(candidate: object) -> str | None:
    """Return the `name` of an object that was refused, by which users may ask for it; None without one."""
    try:
        with guarded("reading a name"):
            name = getattr(candidate, "name", None)
            return one_line(name, MOST) if isinstance(name, str) else None
    except PluginFailed:
        return None
