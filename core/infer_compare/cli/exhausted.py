"""Recognises errors that mean that this process ran out of memory, as under `ulimit -v`, or of disk space."""

from __future__ import annotations

import errno

SENTENCE = (
    "infer-compare itself ran out of memory ({reason}); free some memory, or raise the limit of the address space "
    "(`ulimit -v`) or of the container."
)
PHRASES = ("can't start new thread", "cannot allocate memory", "failed to map segment")
"""Messages of threads and shared libraries that got no memory; they do not raise `MemoryError`."""


def out_of_memory(error: BaseException) -> str | None:
    """Return a sentence if an error was caused by a lack of memory, directly or through its chain; None for others."""
    cause: BaseException | None = error
    while cause is not None:
        if _is_lack(cause):
            return SENTENCE.format(reason=" ".join(str(cause).split()) or type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return None


def no_room(error: BaseException) -> str | None:
    """Return a sentence if an error means that a disk or an output such as standard output is full; None for others."""
    from infer_compare.files import is_full

    if not isinstance(error, OSError) or not is_full(error):
        return None
    where = f" {error.filename}" if error.filename else " standard output or to a temporary file"
    return f"Cannot write to{where}: {error.strerror}; free some space, or name another place."


def _is_lack(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, (RuntimeError, ImportError, OSError)) and any(
        phrase in str(error).lower() for phrase in PHRASES
    )
