"""The first acts of a worker: a separate session, an end that follows its parent's, and the kernel's first choice."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from infer_compare.environment.memory import raise_oom_score

PR_SET_PDEATHSIG = 1


def isolate(parent: int) -> None:
    """Make this process a worker of `parent`.

    The supervisor has given it a separate process session, which keeps the terminal's Ctrl-C away and makes
    one group to suspend and to end. On Linux the kernel kills the worker when its parent ends, which a
    suspended worker could not notice by itself.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        raise_oom_score()
    # The parent may have ended before the kernel knew.
    if os.getppid() != parent:
        os._exit(1)
