"""Registers a plugin that is not installed, for its tests."""

from __future__ import annotations

from infer_compare.plugins import Origin, Plugins
from infer_compare.testing.conformance.violation import Violation


def plugins_with(plugin: object) -> Plugins:
    """Return the installed plugins and one more, for the argument `plugins` of `infer_compare.sweep`.

    Args:
        plugin: a module with functions marked by `hookimpl`.

    Raises:
        Violation: the plugin or something that it registers is broken; the message says why.
    """
    plugins = Plugins.discover()
    before = len(plugins.broken)
    name = str(getattr(plugin, "__name__", type(plugin).__name__))
    plugins.register(plugin, Origin(name, name))
    reasons = [broken.reason for broken in plugins.broken[before:]]
    if reasons:
        raise Violation(f"The plugin {name} cannot be used: {'; '.join(reasons)}.")
    return plugins
