"""An interrupt by the user, told apart from a `KeyboardInterrupt` that somebody else's code raised."""

from __future__ import annotations

import signal


class Interrupted(KeyboardInterrupt):
    """A signal came: Ctrl-C, or a request to end. Only the command line's signal handlers raise it."""


def is_interrupt(error: BaseException) -> bool:
    """Return whether an exception is the user's.

    Where the command line does not handle signals, as in a notebook, the interpreter's own handler raises a plain
    `KeyboardInterrupt`, and every one counts.
    """
    if not isinstance(error, KeyboardInterrupt):
        return False
    return isinstance(error, Interrupted) or signal.getsignal(signal.SIGINT) is signal.default_int_handler
