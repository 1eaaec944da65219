"""The first steps of a worker process: it dies with its parent, and is the first to be killed when memory runs out."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from infer_compare.environment.memory import raise_oom_score

PR_SET_PDEATHSIG = 1


def isolate(parent: int) -> None:
    """Make this process a worker of `parent`.

    The supervisor has started it in a separate session, which keeps the terminal's Ctrl-C away and forms a process group to
    suspend and to end. On Linux the kernel also kills the worker when its parent ends, which a suspended worker could not notice.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        raise_oom_score()
    # The parent may have ended before prctl took effect.
    if os.getppid() != parent:
        os._exit(1)
