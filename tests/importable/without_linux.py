"""Takes away what only Linux tells and does: `/proc`, `/sys`, affinity masks, process descriptors, clocks of processes.

With `INFER_COMPARE_TEST_WITHOUT_LINUX=1` the tests, and all processes that they start, run this way, as on macOS. psutil still
reads `/proc`: there it asks the system in another way.
"""

from __future__ import annotations

import os
import sys
import time

VARIABLE = "INFER_COMPARE_TEST_WITHOUT_LINUX"
FOLDERS = ("/proc", "/sys")
NAMES = {
    os: ("sched_getaffinity", "sched_setaffinity", "pidfd_open", "memfd_create", "posix_fadvise"),
    time: ("CLOCK_BOOTTIME",),
}
ALLOWED = (f"{os.sep}psutil{os.sep}",)
"""Parts of the paths of modules that may read what is hidden."""


def hide() -> None:
    """Hide it from Python code of this process, until the process ends."""
    for module, names in NAMES.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    own_stat, own_clock = os.stat, time.clock_gettime_ns

    def stat(path, *args, **kwargs):
        if _is_hidden(path):
            raise FileNotFoundError(2, "No such file or directory", path)
        return own_stat(path, *args, **kwargs)

    def clock_gettime_ns(clock):
        # Clocks of processes are negative numbers.
        if clock < 0:
            raise OSError(22, "Invalid argument")
        return own_clock(clock)

    def refuse(event, args):
        if event in {"open", "os.listdir", "os.scandir"} and args and _is_hidden(args[0]):
            raise FileNotFoundError(2, "No such file or directory", args[0])

    for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        able.add(stat)
    os.stat, time.clock_gettime_ns = stat, clock_gettime_ns
    sys.addaudithook(refuse)


def _is_hidden(path: object) -> bool:
    if not isinstance(path, str | os.PathLike):
        return False
    text = os.fspath(path)
    if not isinstance(text, str) or not any(text == one or text.startswith(f"{one}/") for one in FOLDERS):
        return False
    frame = sys._getframe(2)
    for _ in range(8):
        if frame is None:
            break
        if any(part in frame.f_code.co_filename for part in ALLOWED):
            return False
        frame = frame.f_back
    return True


if os.environ.get(VARIABLE):
    hide()
