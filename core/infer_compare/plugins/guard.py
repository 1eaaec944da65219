"""The border to a plugin's code: whatever it raises becomes one exception of ours, with a text that can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.foreign import described
from infer_compare.interruption import is_interrupt

if TYPE_CHECKING:
    from types import TracebackType


class PluginFailed(Exception):
    """A plugin's code raised. The text is one line: the kind of what it raised, and its message."""


class guarded:  # noqa: N801 - it reads as a statement
    """Within it only `PluginFailed` is raised, an interrupt by the user, or what is let pass.

    `SystemExit`, `GeneratorExit` and a `KeyboardInterrupt` that no signal caused are a plugin's failures like any other.
    A user's interrupt gets a note of what it interrupted, so that a plugin that hangs can be told.
    """

    def __init__(self, what: str, passing: tuple[type[BaseException], ...] = ()) -> None:
        """Keep what is done, as a clause such as `importing the plugin x`, and the exceptions that are let pass."""
        self._what = what
        self._passing = passing

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, (PluginFailed, *self._passing)):
            return
        if is_interrupt(error):
            error.add_note(f"It came while {self._what}.")
            return
        raise PluginFailed(described(error)) from error
