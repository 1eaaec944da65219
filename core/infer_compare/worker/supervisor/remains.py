"""What a worker may leave behind: processes that carry its tag, and files; found, ended and removed.

Every process of a run is started with a tag in its environment, and hands it down to all that it starts. Linux shows
the environment that a process was started with in `/proc`, whatever session or parent the process has moved to.

Run as a script this is the guard: see `guard`. So only the standard library is imported, and little of it: the guard
starts in some 15 ms and holds 9 MB.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

# A type checker takes it for true; `typing` takes longer to load than everything else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLE = "INFER_COMPARE_WORKER"
"""The tags of a process, outermost first, joined by colons: a worker may start runs that have workers themselves.
A tag is `RUN.NUMBER`: of which run, and which of its workers."""
PATIENCE_S = 5.0
"""How long processes are looked for that start others faster than they are ended."""
LOOK_S = 0.01


def carries(pid: int, tag: str) -> bool:
    """Return whether a process carries a tag: a worker's, or that of a run, which all its workers' begin with.

    False where the process has ended or may not be looked into.
    """
    wanted = tag.encode()
    content = _read(f"/proc/{pid}/environ")
    if wanted not in content:
        return False
    name = VARIABLE.encode() + b"="
    return any(
        part == wanted or part.startswith(wanted + b".")
        for entry in content.split(b"\0")
        if entry.startswith(name)
        for part in entry.removeprefix(name).split(b":")
    )


def processes() -> list[int]:
    """Return the number of every process that can be seen but this one; none where there is no `/proc`."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - pathlib is not loaded for this
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal() and int(name) != os.getpid()]


def end(tag: str, *, grace_s: float = 0.0, patience_s: float = PATIENCE_S) -> bool:
    """End every process that carries a tag, until a look finds none.

    Args:
        tag: of a worker, or of a run.
        grace_s: how long they may take to end by themselves, in seconds.
        patience_s: how long they are ended after that, in seconds.

    Returns:
        Whether none is left.
    """
    mercy = time.monotonic() + grace_s
    while found := [pid for pid in processes() if carries(pid, tag)]:
        now = time.monotonic()
        if now > mercy + patience_s:
            return False
        if now >= mercy:
            for pid in found:
                _kill(pid, tag)
        time.sleep(LOOK_S)
    return True


def _kill(pid: int, tag: str) -> None:
    """End a process at once; another one that has got its number meanwhile is left alone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        descriptor = None
    try:
        # What carries the tag now is what the descriptor stands for.
        if carries(pid, tag):
            if descriptor is None:
                os.kill(pid, signal.SIGKILL)
            else:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    finally:
        if descriptor is not None:
            os.close(descriptor)


def in_use(paths: Iterable[str], pids: Iterable[int]) -> set[str]:
    """Return those of the files that one of the processes has open or mapped."""
    wanted = {os.fsencode(path): path for path in paths}
    found: set[str] = set()
    for pid in pids:
        maps = _read(f"/proc/{pid}/maps")
        found.update(path for name, path in wanted.items() if b" " + name + b"\n" in maps)
        folder = f"/proc/{pid}/fd"
        try:
            for descriptor in os.listdir(folder):  # noqa: PTH208 - pathlib is not loaded for this
                target = os.fsencode(os.readlink(f"{folder}/{descriptor}"))  # noqa: PTH115 - as above
                if target in wanted:
                    found.add(wanted[target])
        except OSError:
            continue
    return found


def remove(left: Mapping[str, int]) -> None:
    """Remove files and folders, each only if it is still the one with that inode; a file also only if no process uses it."""
    import stat

    files = []
    for path, inode in left.items():
        try:
            found = os.lstat(path)
        except OSError:
            continue
        if found.st_ino != inode:
            continue
        if stat.S_ISDIR(found.st_mode):
            import shutil

            shutil.rmtree(path, ignore_errors=True)
        else:
            files.append(path)
    if not files:
        return
    used = in_use(files, processes())
    for path in files:
        if path not in used:
            try:
                os.unlink(path)  # noqa: PTH108 - pathlib is not loaded for this
            except OSError:
                continue


def message(path: str, inode: int, *, keep: bool) -> bytes:
    """Return the words by which the guard learns of a file or folder to remove, or that it need not any more."""
    return b"%s%d %s\0" % (b"-" if keep else b"+", inode, os.fsencode(path))


def watch(tag: str, parent: int) -> None:
    """Wait for the end of a run, without using the processor meanwhile, and clear away what it leaves behind.

    Args:
        tag: of the run.
        parent: the process that starts its workers. Standard input is a pipe from it, which is closed when no worker is
            left. It may end without its copies of the pipe being closed, where it has forked.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.set_blocking(0, False)
    poll = select.poll()
    poll.register(0, select.POLLIN)
    try:  # noqa: SIM105 - contextlib is not loaded for this
        poll.register(os.pidfd_open(parent), select.POLLIN)
    except (AttributeError, OSError):
        pass
    left: dict[str, int] = {}
    unread = b""
    os.write(1, b"\n")
    ended = os.getppid() != parent
    while not ended:
        ended = any(descriptor != 0 for descriptor, _ in poll.poll())
        while True:
            try:
                part = os.read(0, 65536)
            except BlockingIOError:
                break
            if not part:
                ended = True
                break
            *words, unread = (unread + part).split(b"\0")
            for one in words:
                inode, _, path = one[1:].partition(b" ")
                if one[:1] == b"+":
                    left[os.fsdecode(path)] = int(inode)
                else:
                    left.pop(os.fsdecode(path), None)
    end(tag)
    remove(left)
    os._exit(0)


def _read(path: str) -> bytes:
    """Return the content of a kernel file; nothing where it is missing or may not be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib is not loaded for this
            return file.read()
    except OSError:
        return b""


if __name__ == "__main__":
    watch(sys.argv[1], int(sys.argv[2]))
