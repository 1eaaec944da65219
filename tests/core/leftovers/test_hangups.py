"""A terminal that is closed interrupts a run, unless it was told to go on."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

SHOWING = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from infer_compare.cli.interrupts import heard
from infer_compare.cli.progress import progress
with heard(), progress(quiet=False, verbose=True) as observer:
    observer.note("machine", "before")
    sys.stdin.readline()
    observer.note("machine", "after")
    observer.measuring(1, 2, 3)
print("told to nobody")
"""


def test_a_hangup_is_ignored_where_it_was_ignored_before() -> None:
    """`nohup` asks for that."""
    script = """
import os, signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from infer_compare.cli.interrupts import heard
with heard():
    os.kill(os.getpid(), signal.SIGHUP)
    print("went on")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "went on\n"


def test_a_run_whose_terminal_is_gone_goes_on_where_hangups_are_ignored() -> None:
    """Nobody reads its progress any more; that is no error."""
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SHOWING], stdin=subprocess.PIPE, stdout=inside, stderr=inside, start_new_session=True
    )
    os.close(inside)
    shown = b""
    while b"before" not in shown:
        shown += os.read(terminal, 4096)
    os.close(terminal)
    process.communicate(b"\n", timeout=60)
    assert process.returncode == 0
