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
    from collections.abc import Collection, Iterable, Mapping

VARIABLE = "INFER_COMPARE_WORKER"
"""The tags of a process, outermost first, joined by colons: a worker may start runs that have workers themselves.
A tag is `RUN.NUMBER`: of which run, and which of its workers."""
WAIT_S = 5.0
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


def status(pid: int) -> list[bytes]:
    """Return what `/proc/PID/stat` says of a process, from its state on; nothing when it has ended."""
    # The name of the program, in brackets, may hold anything.
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


STATE, PARENT, SESSION, BEGAN = 0, 1, 3, 19
"""Places in `status`."""


def processes() -> list[int]:
    """Return the number of every process that can be seen but this one; none where there is no `/proc`."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - pathlib is not loaded for this
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal() and int(name) != os.getpid()]


def end(tag: str, *, sessions: Collection[int] = (), killed: Mapping[int, bytes] | None = None) -> bool:
    """End every process that carries a tag, until a look finds none, and wait until their memory is free.

    Args:
        tag: of a worker, or of a run.
        sessions: of living workers of the run; processes in them are ended without a tag too.
        killed: processes that have been killed already and are waited for, with when they began (see `status`).

    Returns:
        Whether none is left.
    """
    until = time.monotonic() + WAIT_S
    ending = dict(killed or {})
    while True:
        belonging = [pid for pid in processes() if _belongs(pid, tag, sessions)]
        for pid in belonging:
            ending[pid] = b"".join(status(pid)[BEGAN : BEGAN + 1])
            _kill(pid, tag, sessions)
        # A process that is ending carries no tag any more, long before its memory is free.
        ending = {pid: began for pid, began in ending.items() if is_alive(pid, began)}
        if not belonging and not ending:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_S)


def is_alive(pid: int, began: bytes) -> bool:
    """Return whether a process that began then, in the words of `status`, has not ended: its number may be another's."""
    fields = status(pid)
    return fields[BEGAN : BEGAN + 1] == [began] and fields[STATE] not in {b"Z", b"X"}


def _belongs(pid: int, tag: str, sessions: Collection[int]) -> bool:
    if carries(pid, tag):
        return True
    if not sessions:
        return False
    fields = status(pid)
    # What is a zombie has ended.
    return len(fields) > SESSION and fields[STATE] != b"Z" and int(fields[SESSION]) in sessions


def _kill(pid: int, tag: str, sessions: Collection[int]) -> None:
    """End a process at once; another one that has got its number meanwhile is left alone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        descriptor = None
    try:
        # What belongs to the run now is what the descriptor stands for.
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
    """Return those of the files that one of the processes has open or mapped."""
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
    """Remove files and folders, each only if it is still the one with that inode; a file also only if no process uses it."""
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
    """Wait for the end of a run, without using the processor meanwhile, and clear away what it leaves behind.

    Args:
        tag: of the run.
        parent: the process that starts its workers. Standard input is a pipe from it, which is closed when no worker is
            left. It may end without its copies of the pipe being closed, where it has forked. What comes through the
            pipe, each ended by a zero: `+FILE` or `-FILE`, a file or folder with its inode that is to be removed or not
            any more; `>PID` or `<PID`, a worker that has been started or has ended.
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
    """Return the content of a kernel file; nothing where it is missing or may not be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib is not loaded for this
            return file.read()
    except OSError:
        return b""


if __name__ == "__main__":
    watch(sys.argv[1], int(sys.argv[2]))
