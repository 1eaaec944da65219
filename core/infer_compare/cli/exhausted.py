"""Whether an error means that this process got no more memory, as under `ulimit -v`, or no more room on a disk."""

from __future__ import annotations

import errno

SENTENCE = (
    "infer-compare itself ran out of memory ({reason}); free some memory, or raise the limit of the address space "
    "(`ulimit -v`) or of the container."
)
PHRASES = ("can't start new thread", "cannot allocate memory", "failed to map segment")
"""What threads and shared libraries say; they do not raise `MemoryError`."""


def out_of_memory(error: BaseException) -> str | None:
    """Return the sentence for an error that the lack of memory caused, directly or as its cause; None for others."""
    seen: BaseException | None = error
    while seen is not None:
        if _is_lack(seen):
            return SENTENCE.format(reason=" ".join(str(seen).split()) or type(seen).__name__)
        seen = seen.__cause__ or seen.__context__
    return None


def no_room(error: BaseException) -> str | None:
    """Return the sentence for a disk or an output, standard output too, that took no more; None for other errors."""
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
