"""Reserves standard output for the command line itself.

Once plugins are loaded, anything in this process may write to standard output: `print`, a C library, a thread, or an exit
handler. From then on descriptor 1 and `sys.stdout` lead to standard error, and the command prints through this module to
the real standard output: with `--json`, one document and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import IO, TYPE_CHECKING, Any

import click

from infer_compare.foreign import escaped

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from rich.console import Console


NEWLINE = "\n"
WHITE = "\n\t"
"""Characters that are not escaped in a text of several lines."""


class _Kept:
    """The real standard output, and a function that restores it."""

    def __init__(self, stream: TextIO | None, descriptor: int | None, undo: Callable[[], None]) -> None:
        self.stream = stream
        self.descriptor = descriptor
        self.undo = undo


_kept: _Kept | None = None
_for_good = False


def keep_for_good() -> None:
    """Keep standard output diverted until the process has ended, including its exit handlers."""
    global _for_good  # noqa: PLW0603 - a process has one standard output
    _for_good = True


def divert() -> None:
    """Divert everything but this module's output to standard error until the command ends; may be called twice."""
    global _kept  # noqa: PLW0603 - a process has one standard output
    if _kept is not None:
        return
    stream = sys.stdout
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stream.flush()
    kept = _duplicate(1)
    if kept is not None:
        _lead_to_standard_error()
    own = stream
    if kept is not None and _is_descriptor_1(stream):
        own = open(kept, "w", encoding=stream.encoding, errors=stream.errors, closefd=False)  # noqa: SIM115 - as long as the process

    def undo() -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
        sys.stdout = stream
        if own is not stream:
            with contextlib.suppress(OSError):
                own.close()
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)

    # With standard error closed, the output of others is discarded.
    sys.stdout = sys.stderr if sys.stderr is not None else open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    _kept = _Kept(own, kept, undo)
    context = click.get_current_context(silent=True)
    if context is not None and not _for_good:
        context.find_root().call_on_close(restore)


def restore() -> None:
    """Restore standard output; does nothing if it was not diverted."""
    global _kept
    if _kept is not None:
        kept, _kept = _kept, None
        kept.undo()


def stream() -> TextIO | None:
    """Return the stream of the real standard output; None if it is closed."""
    return sys.stdout if _kept is None else _kept.stream


def descriptor() -> int:
    """Return the descriptor of the real standard output."""
    return 1 if _kept is None or _kept.descriptor is None else _kept.descriptor


def echo(text: str = "") -> None:
    """Print one or more lines; unprintable characters are escaped, since they may come from untrusted names."""
    write(escaped(text, keep=WHITE) + NEWLINE)


def write(content: str | bytes, *, color: bool | None = None) -> None:
    """Print a document unchanged, without a trailing newline."""
    click.echo(content, file=_open(), nl=False, color=color)


def document(value: object) -> None:
    """Print a value as one JSON document."""
    import msgspec

    write(f"{msgspec.json.format(msgspec.json.encode(value)).decode()}{NEWLINE}")


def console(**settings: Any) -> Console:  # noqa: ANN401 - of rich
    """Return a console on the real standard output, as wide as its terminal."""
    from rich.console import Console

    output = stream()
    width = None
    if _kept is not None and output is not None and "COLUMNS" not in os.environ:
        with contextlib.suppress(OSError, ValueError):
            width = os.get_terminal_size(output.fileno()).columns
    return Console(file=_open(), width=width, **settings)


def abandon() -> None:
    """Discard the remaining output, since its reader has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(nowhere, stream().fileno())  # type: ignore[union-attr]


def _open() -> IO[Any]:
    output = stream()
    return output if output is not None else open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - standard output is closed


def _duplicate(descriptor: int) -> int | None:
    try:
        return os.dup(descriptor)
    except OSError:
        return None


def _lead_to_standard_error() -> None:
    try:
        os.dup2(2, 1)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _is_descriptor_1(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.fileno() == 1
    except (OSError, ValueError, AttributeError):
        return False
