"""Checks of launchers that plugins register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from infer_compare.foreign import repr_of
from infer_compare.plugins.entries import LauncherEntry
from infer_compare.plugins.registration import Unfit, can_be_typed, text_field, words_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from infer_compare.interfaces.launchers import Launcher
    from infer_compare.plugins.entries import Origin

METHODS = ("connect", "machines", "start", "events", "stop", "close")


def read_launcher(candidate: Any, origin: Origin, taken: Collection[str]) -> LauncherEntry:  # noqa: ANN401 - a third party's object may be anything
    """Return the entry of a registered launcher after checks; to be called within `guarded`.

    Raises:
        Unfit: it is not a class with a usable name and the methods of a launcher, or its name is taken.
    """
    if not isinstance(candidate, type):
        raise Unfit(f"{repr_of(candidate)} is not a class; a plugin registers the class of a launcher")
    name = getattr(candidate, "name", None)
    if not can_be_typed(name):
        raise Unfit(
            f"a launcher's `name` may only contain letters, digits and _ . + -; {repr_of(candidate)} has {repr_of(name)}"
        )
    assert isinstance(name, str)
    if name in taken:
        raise Unfit(f"the launcher {name} already comes from another plugin; it needs another name")
    for method in METHODS:
        if not callable(getattr(candidate, method, None)):
            raise Unfit(f"the launcher {name} has no method `{method}`")
    if missing := sorted(getattr(candidate, "__abstractmethods__", ())):
        raise Unfit(f"the launcher {name} does not implement {', '.join(missing)}")
    return LauncherEntry(
        launcher=cast("type[Launcher]", candidate),
        origin=origin,
        name=name,
        install_hint=text_field(getattr(candidate, "install_hint", ""), f"`install_hint` of the launcher {name}"),
        requires=words_of(f"the launcher {name}", tuple(getattr(candidate, "requires", ()))),
    )
