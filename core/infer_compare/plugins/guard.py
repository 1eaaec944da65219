"""A guard around calls of a plugin's code, which turns its exceptions into one type with a printable text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.foreign import described
from infer_compare.interruption import is_interrupt

if TYPE_CHECKING:
    from types import TracebackType


class PluginFailed(Exception):
    """A plugin's code raised an exception. The text is one line: the type of the exception, and its message."""


class guarded:  # noqa: N801 - it reads as a statement
    """A context that turns exceptions of a plugin's code into `PluginFailed`.

    Only interrupts by the user and the exceptions in `passing` are not changed. `SystemExit`, `GeneratorExit` and a
    `KeyboardInterrupt` that no signal caused count as failures of the plugin. A user's interrupt gets a note of what it interrupted,
    which reveals a hanging plugin.
    """

    def __init__(self, what: str, passing: tuple[type[BaseException], ...] = ()) -> None:
        """Takes a description such as `importing the plugin x`, and the exceptions to let pass."""
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
