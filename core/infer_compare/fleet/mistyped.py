"""Checking the names of backends before a fleet contacts any machine."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from infer_compare.errors import BackendUnusable, UnknownBackend
from infer_compare.fleet.launchers.local import Local
from infer_compare.foreign import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.plugins import Plugins

SIMILAR = 0.8
"""Least similarity of a name to one that it probably mistypes, such as one wrong letter of five."""


def check_backends(names: Iterable[str], launcher: str, plugins: Plugins) -> None:
    """Check that some machine may have these backends.

    Other machines may have plugins that this machine lacks, so an unknown name is refused only if it resembles the name of a known
    backend. The launcher `local` runs everything on this machine, where every backend must be known.

    Args:
        names: names of backends.
        launcher: name of the launcher.
        plugins: the plugins that are installed on this machine.

    Raises:
        UnknownBackend: a name is mistyped, or unknown although the backend would run on this machine.
        BackendUnusable: a backend that would run on this machine is broken.
    """
    for name in names:
        try:
            plugins.find(name)
        except (UnknownBackend, BackendUnusable) as error:
            if launcher == Local.name:
                raise
            if isinstance(error, UnknownBackend) and (meant := _meant(name, plugins)) is not None:
                raise UnknownBackend(
                    f"There is no backend {one_line(name)!r}; write {meant!r}, or install the plugin of that name on this machine too."
                ) from None


def _meant(name: str, plugins: Plugins) -> str | None:
    """Return the known name that `name` mistypes; None if it contains the known name, as `torch-xla` contains `torch`."""
    known = [word for entry in plugins.backends for word in (entry.name, *entry.aliases)]
    near = difflib.get_close_matches(name.lower(), known, 1, SIMILAR)
    return next((word for word in near if word not in name.lower()), None)
