"""Loads the installed plugins for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.cli import stdout

if TYPE_CHECKING:
    from infer_compare.plugins import Plugins


def installed(settings: dict[str, Any]) -> Plugins:
    """Load the plugins that are not blocked; anything they print, now or later, goes to standard error."""
    from infer_compare.plugins import Plugins

    stdout.divert()
    return Plugins.discover(settings["blocked"])
