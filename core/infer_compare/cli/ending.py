"""Ends the process when the command has ended, even if plugins have left threads running."""

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
    """End the process with its exit code after the block, even if threads are left that the interpreter would wait for.

    Without such threads the interpreter exits as usual.
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
    return any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate())


def _leave(code: int) -> None:
    """Exit like the interpreter does, but without waiting for threads."""
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()  # noqa: SLF001 - there is no public way to run them
    for stream in (stdout.stream(), sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]
    os._exit(code)
