"""Turns Ctrl-C, SIGTERM and SIGHUP into `KeyboardInterrupt`, and repeats it if the interpreter swallows it."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from infer_compare.cli import stdout
from infer_compare.interruption import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

AGAIN_S = 0.01
"""Seconds that a finaliser may take before the interrupt that it swallowed is sent again."""


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Make Ctrl-C, SIGTERM and SIGHUP raise `KeyboardInterrupt` inside the block, without losing any.

    SIGHUP arrives when the terminal is closed or a connection is lost; if it is ignored, as under `nohup`, it stays ignored.

    Python swallows exceptions raised in `__del__`, in callbacks of weak references and in the garbage collector. An
    interrupt that arrives there is sent again until it reaches the program itself.
    """
    again: list[threading.Timer] = []
    unraisable = sys.unraisablehook

    def send_again() -> None:
        again.append(threading.Timer(AGAIN_S, os.kill, (os.getpid(), signal.SIGTERM)))
        again[-1].daemon = True
        again[-1].start()

    def hook(ignored: sys.UnraisableHookArgs) -> None:
        if not issubclass(ignored.exc_type, Interrupted):
            unraisable(ignored)
            return
        try:
            send_again()
        except Interrupted:
            # Not at once: an interrupt inside this hook would be swallowed too, which happened on a busy machine.
            send_again()

    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _hang_up)
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = hook
    try:
        yield
        if any(timer.is_alive() for timer in again):
            raise Interrupted
    finally:
        if ours and signal.getsignal(signal.SIGINT) is _interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = unraisable
        for timer in again:
            timer.cancel()


def ignore() -> None:
    """Ignore Ctrl-C, SIGTERM and SIGHUP from now on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def let_go_of_terminals() -> None:
    """Redirect output to the null device if its terminal is gone, since writing to it would fail."""
    for descriptor in {1, 2, stdout.descriptor()}:
        try:
            # Other kinds of files raise other errors.
            os.tcgetpgrp(descriptor)
        except OSError as error:
            if error.errno == errno.EIO:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, descriptor)
                os.close(nowhere)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted


def _hang_up(_number: int, _frame: FrameType | None) -> NoReturn:
    let_go_of_terminals()
    raise Interrupted
