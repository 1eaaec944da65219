"""Building blocks for `Backend.classify`, which interprets exceptions.

Classes are matched by qualified name, so that no framework needs to be imported. Only the first and last 4 kB
of a message are searched, because some frameworks put whole arrays into it.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from infer_compare.interfaces.values import Classification, FailureKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_CHAIN = 8
TEXT_BYTES = 4096

LIMIT_TEXTS = (
    "canuse32bitindexmath",
    "32-bit index math",
    "int_max",
    "numeric_limits<int32_t>",
    "storage size calculation overflowed",
    "representable by 32-bit",
    "integer overflow",
    "int32 index range",
    "too large to fit into a mkl_int",
    "exceeded max size of memory object",
)
"""Messages about limits other than memory, in lower case; checked before those about memory."""

HOST_OOM_TEXTS = ("std::bad_alloc", "unable to allocate", "cannot allocate memory")
"""Messages of the C++ runtime, numpy and the C library about insufficient host memory, in lower case."""

UNREACHED = frozenset(
    {
        "builtins.ConnectionError",
        "builtins.TimeoutError",
        "http.client.BadStatusLine",
        "http.client.ImproperConnectionState",
        "http.client.IncompleteRead",
        "http.client.NotConnected",
        "socket.gaierror",
        "urllib.error.URLError",
    }
)
"""Errors of a connection that was refused, cut or not answered in time."""
UNREACHABLE = frozenset({errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH})
"""Error numbers of connection errors that have no class of their own."""
HTTP_ERROR = "urllib.error.HTTPError"
TOO_LARGE = 413
NOT_READY = frozenset({429, 502, 503, 504})
"""HTTP statuses of a server that may be available later."""

NOT_OURS = (KeyboardInterrupt, SystemExit, GeneratorExit)


def chain(error: BaseException) -> Iterator[BaseException]:
    """Return the error, then what it was raised from or during, at most eight deep."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < MAX_CHAIN:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def class_names(error: BaseException) -> frozenset[str]:
    """Return the qualified names of the error's class and of its bases."""
    return frozenset(f"{cls.__module__}.{cls.__qualname__}" for cls in type(error).__mro__)


def text_of(error: BaseException) -> str:
    """Return the error's text in lower case, shortened to its first and last 4 kB."""
    text = str(error)
    if len(text) > 2 * TEXT_BYTES:
        text = text[:TEXT_BYTES] + "\n" + text[-TEXT_BYTES:]
    return text.casefold()


def is_limit(error: BaseException) -> bool:
    """Return whether an error reports a limit other than memory."""
    text = text_of(error)
    return any(part in text for part in LIMIT_TEXTS)


def is_host_oom(error: BaseException) -> bool:
    """Return whether Python, numpy or the C++ runtime reports that the host's memory did not suffice."""
    if isinstance(error, MemoryError):
        return True
    text = text_of(error)
    return any(part in text for part in HOST_OOM_TEXTS)


def is_refused_size(error: BaseException) -> bool:
    """Return whether a server rejected a request as too large."""
    return HTTP_ERROR in class_names(error) and getattr(error, "code", None) == TOO_LARGE


def is_unreached(error: BaseException) -> bool:
    """Return whether a connection was refused, cut or not answered in time, or a server was not ready."""
    names = class_names(error)
    if HTTP_ERROR in names:
        return getattr(error, "code", None) in NOT_READY
    return bool(names & UNREACHED) or (isinstance(error, OSError) and error.errno in UNREACHABLE)


def classify_common(
    error: BaseException, *, oom: Collection[str] = (), limit: Collection[str] = (), ambiguous: Collection[str] = ()
) -> Classification:
    """Classify an error by its texts and class names: interrupts, limits, host memory, failed connections, and the
    framework's messages passed as arguments. An error that matches nothing is `no`.

    The whole exception chain is searched. Interrupts are checked first, then limits, memory, ambiguous messages, and
    connections.

    Args:
        error: any exception.
        oom: the framework's signs of insufficient memory: parts of texts in any case, such as `resource exhausted`, or
            qualified class names, such as `torch.OutOfMemoryError`.
        limit: the same for limits other than memory.
        ambiguous: the same for errors that can have several causes.
    """
    if isinstance(error, NOT_OURS):
        return Classification(FailureKind.NO)
    errors = list(chain(error))
    if any(is_limit(cause) or is_refused_size(cause) or _says(cause, limit) for cause in errors):
        return Classification(FailureKind.LIMIT)
    if any(is_host_oom(cause) or _says(cause, oom) for cause in errors):
        return Classification(FailureKind.OOM)
    if any(_says(cause, ambiguous) for cause in errors):
        return Classification(FailureKind.AMBIGUOUS)
    if any(is_unreached(cause) for cause in errors):
        return Classification(FailureKind.UNAVAILABLE)
    return Classification(FailureKind.NO)


def _says(error: BaseException, words: Collection[str]) -> bool:
    """Return whether an error's text contains one of the words, or one of them names its class or a base class."""
    text, names = text_of(error), class_names(error)
    return any(word in names or word.casefold() in text for word in words)
