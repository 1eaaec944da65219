"""Ctrl-C, SIGTERM and SIGHUP as `KeyboardInterrupt`, also where the interpreter swallows it."""

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
"""How long a finaliser may take to end before the interrupt that it swallowed is sent again."""


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Within it Ctrl-C, SIGTERM and SIGHUP raise `KeyboardInterrupt`, and none of them gets lost.

    SIGHUP comes when the terminal is closed or a connection is lost; where it is ignored, as under `nohup`, it stays so.

    Python ignores what is raised in `__del__`, in a weak reference's callback and in the garbage collector, an
    interrupt as well, which may come anywhere: there it is sent once more, until it arrives in the program itself.
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
            # On a busy machine it came before this hook had ended, in which the interpreter would ignore it too.
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
        if any(one.is_alive() for one in again):
            raise Interrupted
    finally:
        if ours and signal.getsignal(signal.SIGINT) is _interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = unraisable
        for one in again:
            one.cancel()


def ignore() -> None:
    """Ignore Ctrl-C, SIGTERM and SIGHUP from now on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def let_go_of_terminals() -> None:
    """Send what is written from now on to nowhere, where a terminal is gone: writing to it would be an error."""
    for descriptor in {1, 2, stdout.descriptor()}:
        try:
            # What is no terminal gives another error.
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
