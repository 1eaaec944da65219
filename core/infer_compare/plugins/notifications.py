"""Notifying plugins of the progress of a run, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.plugins.entries import Broken, Origin
from infer_compare.plugins.guard import PluginFailed, guarded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pluggy


def notify(
    manager: pluggy.PluginManager, loaded: Sequence[Origin], hook: str, arguments: dict[str, object]
) -> Iterator[Broken]:
    """Call a hook of all plugins that implement it, and yield those that raise an exception.

    Implementations are called separately, so an exception in one affects neither the run nor the others.
    """
    for implementation in getattr(manager.hook, hook).get_hookimpls():
        origin = next(
            (known for known in loaded if known.plugin == implementation.plugin_name),
            Origin(implementation.plugin_name, hook),
        )
        try:
            with guarded(f"telling the plugin {origin}"):
                implementation.function(*(arguments[name] for name in implementation.argnames))
        except PluginFailed as failure:
            yield Broken(origin, f"its hook {hook} raised {failure}")
