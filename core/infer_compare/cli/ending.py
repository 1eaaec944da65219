"""The end of the process, which comes when the command has ended, whatever plugins have left running."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING

from infer_compare.cli import stdout

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def ending_the_process() -> Iterator[None]:
    """At its end the process ends with the right exit code, also where threads are left that the interpreter would await.

    Without such threads the interpreter ends as usual.
    """
    try:
        yield
    except SystemExit as ended:
        if _threads_are_left():
            _leave(ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1)
        raise
    except BaseException:
        if _threads_are_left():
            sys.excepthook(*sys.exc_info())
            _leave(1)
        raise


def _threads_are_left() -> bool:
    return any(one is not threading.main_thread() and not one.daemon for one in threading.enumerate())


def _leave(code: int) -> None:
    """Do what the interpreter does at its end, but for waiting."""
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no public way to run them
    for stream in (stdout.stream(), sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]
    os._exit(code)
