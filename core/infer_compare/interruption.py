"""Distinguishes an interrupt by the user from a `KeyboardInterrupt` that other code raised."""

from __future__ import annotations

import signal


class Interrupted(KeyboardInterrupt):
    """A signal arrived: Ctrl-C or a termination request. Only the command line's signal handlers raise it."""


def is_interrupt(error: BaseException) -> bool:
    """Return whether an exception is an interrupt by the user.

    Where the command line does not handle signals, as in a notebook, the interpreter's own handler raises a plain
    `KeyboardInterrupt`, and every such exception counts.
    """
    if not isinstance(error, KeyboardInterrupt):
        return False
    return isinstance(error, Interrupted) or signal.getsignal(signal.SIGINT) is signal.default_int_handler
