"""Removing what a worker may leave behind: processes with its tag, and files.

Every process of a run is started with a tag in its environment, which its descendants inherit. Linux shows the initial environment
of a process in `/proc`, even if the process has moved to another session or parent.

This module also runs as a script, the guard: see `guard`. It therefore imports little, and nothing but the standard library: the
guard starts in some 15 ms and takes 9 MB.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

# Type checkers treat this name as true; importing `typing` would take longer than everything else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

VARIABLE = "INFER_COMPARE_WORKER"
"""The tags of a process, outermost first, joined by colons: a worker may start runs that have workers themselves.
A tag is `RUN.NUMBER`, with the run and the number of its worker."""
WAIT_S = 5.0
"""The longest time for ending processes, which may start new ones meanwhile."""
LOOK_S = 0.01


def carries(pid: int, tag: str) -> bool:
    """Return whether a process has a tag: that of a worker, or that of a run, with which those of all its workers begin.

    Returns False if the process has ended or may not be inspected.
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


def status(pid: int) -> list[bytes]:
    """Return the fields of `/proc/PID/stat` from the state on; empty if the process has ended."""
    # The name of the program, in brackets, may contain any characters.
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


STATE, PARENT, SESSION, BEGAN = 0, 1, 3, 19
"""Places in `status`."""


def processes() -> list[int]:
    """Return the ids of all visible processes but this one; none without `/proc`."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - pathlib is not loaded for this
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal() and int(name) != os.getpid()]


def end(tag: str, *, sessions: Collection[int] = (), killed: Mapping[int, bytes] | None = None) -> bool:
    """End all processes with a tag, repeatedly until there are none, and wait until their memory is free.

    Args:
        tag: of a worker, or of a run.
        sessions: of living workers of the run; processes in them are ended even without the tag.
        killed: processes that were already killed, to wait for, with their start times (see `status`).

    Returns:
        Whether no process is left.
    """
    until = time.monotonic() + WAIT_S
    ending = dict(killed or {})
    while True:
        belonging = [pid for pid in processes() if _belongs(pid, tag, sessions)]
        for pid in belonging:
            ending[pid] = b"".join(status(pid)[BEGAN : BEGAN + 1])
            _kill(pid, tag, sessions)
        # A process that is ending no longer shows its tag, long before its memory is free.
        ending = {pid: began for pid, began in ending.items() if is_alive(pid, began)}
        if not belonging and not ending:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_S)


def is_alive(pid: int, began: bytes) -> bool:
    """Return whether a process with a start time as in `status` is alive; another process may have the id now."""
    fields = status(pid)
    return fields[BEGAN : BEGAN + 1] == [began] and fields[STATE] not in {b"Z", b"X"}


def _belongs(pid: int, tag: str, sessions: Collection[int]) -> bool:
    if carries(pid, tag):
        return True
    if not sessions:
        return False
    fields = status(pid)
    # A zombie has ended.
    return len(fields) > SESSION and fields[STATE] != b"Z" and int(fields[SESSION]) in sessions


def _kill(pid: int, tag: str, sessions: Collection[int]) -> None:
    """Kill a process, unless another process has got its id meanwhile."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        descriptor = None
    try:
        # Checked after opening: if the process belongs to the run now, the descriptor refers to it.
        if _belongs(pid, tag, sessions):
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
    """Return the files that any of the processes has open or mapped."""
    wanted = {os.fsencode(path): path for path in paths}
    used: set[str] = set()
    for pid in pids:
        maps = _read(f"/proc/{pid}/maps")
        used.update(path for name, path in wanted.items() if b" " + name + b"\n" in maps)
        folder = f"/proc/{pid}/fd"
        try:
            for descriptor in os.listdir(folder):  # noqa: PTH208 - pathlib is not loaded for this
                target = os.fsencode(os.readlink(f"{folder}/{descriptor}"))  # noqa: PTH115 - as above
                if target in wanted:
                    used.add(wanted[target])
        except OSError:
            continue
    return used


def remove(left: Mapping[str, int]) -> None:
    """Remove files and folders if they still have their inodes; files only if no process uses them."""
    import stat

    files = []
    for path, inode in left.items():
        try:
            entry = os.lstat(path)
        except OSError:
            continue
        if entry.st_ino != inode:
            continue
        if stat.S_ISDIR(entry.st_mode):
            import shutil

            shutil.rmtree(path, ignore_errors=True)
        else:
            files.append(path)
    if not files:
        return
    used = in_use(files, [*processes(), os.getpid()])
    for path in files:
        if path not in used:
            try:
                os.unlink(path)  # noqa: PTH108 - pathlib is not loaded for this
            except OSError:
                continue


def watch(tag: str, parent: int) -> None:
    """Wait for the end of a run, without using the processor meanwhile, and remove what it leaves behind.

    Standard input is a pipe from the parent, which closes it when no worker is left. If the parent has forked, copies of the pipe may
    stay open after its end, so its end is watched too. Messages in the pipe end with a zero byte: `+INODE PATH` and `-INODE PATH`
    register and unregister a file or folder to remove; `>PID` and `<PID` register and unregister a worker.

    Args:
        tag: of the run.
        parent: the process that starts its workers.
    """
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    os.set_blocking(0, False)
    poll = select.poll()
    poll.register(0, select.POLLIN)
    try:  # noqa: SIM105 - contextlib is not loaded for this
        poll.register(os.pidfd_open(parent), select.POLLIN)
    except (AttributeError, OSError):
        pass
    left: dict[str, int] = {}
    sessions: set[int] = set()
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
            for word in words:
                number, _, path = word[1:].partition(b" ")
                match word[:1]:
                    case b"+":
                        left[os.fsdecode(path)] = int(number)
                    case b"-":
                        left.pop(os.fsdecode(path), None)
                    case b">":
                        sessions.add(int(number))
                    case _:
                        sessions.discard(int(number))
    end(tag, sessions=sessions)
    remove(left)
    os._exit(0)


def _read(path: str) -> bytes:
    """Return the content of a kernel file; empty if it is missing or may not be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib is not loaded for this
            return file.read()
    except OSError:
        return b""


if __name__ == "__main__":
    watch(sys.argv[1], int(sys.argv[2]))
