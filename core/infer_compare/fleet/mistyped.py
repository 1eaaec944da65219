"""Backends that nothing can run: refused before any machine is asked."""

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
"""Similarity from which a name is taken for a slip of the keyboard: one letter of five in another place."""


def check_backends(names: Iterable[str], launcher: str, plugins: Plugins) -> None:
    """Look whether some machine may have these backends.

    Other machines may have plugins that this one lacks, so a name that is unknown here is left to them, unless it is nearly that
    of a backend that is known here. The launcher `local` runs everything here.

    Args:
        names: of backends.
        launcher: by name.
        plugins: those that are installed here.

    Raises:
        UnknownBackend: a name is mistyped, or nothing here has it.
        BackendUnusable: the backend is broken here, where it would run.
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
    """The known name that was mistyped; one that is longer, such as `torch-xla`, is another backend's."""
    known = [word for entry in plugins.backends for word in (entry.name, *entry.aliases)]
    near = difflib.get_close_matches(name.lower(), known, 1, SIMILAR)
    return next((word for word in near if word not in name.lower()), None)
