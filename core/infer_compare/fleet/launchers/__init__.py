"""Launchers by name: the built-in one, and those of plugins."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from infer_compare.errors import BackendUnusable, UsageError
from infer_compare.fleet.launchers.local import Local
from infer_compare.plugins.entries import DISTRIBUTION, LauncherEntry, Origin
from infer_compare.plugins.guard import PluginFailed, guarded

if TYPE_CHECKING:
    from infer_compare.interfaces.launchers import Launcher
    from infer_compare.plugins import Plugins

BUILT_IN = (LauncherEntry(Local, Origin(Local.name, Local.__module__, DISTRIBUTION), Local.name),)


def known_launchers(plugins: Plugins) -> dict[str, LauncherEntry]:
    """Return launchers by name, the built-in one first; a plugin cannot take its name."""
    known: dict[str, LauncherEntry] = {}
    for entry in (*BUILT_IN, *plugins.launchers):
        known.setdefault(entry.name, entry)
    return known


def find_launcher(name: str, plugins: Plugins) -> Launcher:
    """Return a new launcher of the given name.

    Raises:
        UsageError: no launcher has the name (the message gives the nearest name and all names), or a package that it needs
            is missing.
        BackendUnusable: the launcher's class raises an exception.
    """
    known = known_launchers(plugins)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"There is no launcher {name!r}.{hint} Known: {', '.join(known)}.")
    entry = known[name]
    if entry.missing:
        raise UsageError(f"The launcher {name} needs {', '.join(entry.missing)}: {entry.install_hint}")
    try:
        with guarded(f"making the launcher {name}"):
            return entry.launcher()
    except PluginFailed as failure:
        raise BackendUnusable(
            f"The launcher {name} of {entry.origin} cannot be used: it raised {failure}."
        ) from failure
