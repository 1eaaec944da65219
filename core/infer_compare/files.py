"""Reading files that somebody named: regular files only, never longer than expected, and never by waiting.

Opening a named pipe waits for its writer, a device may never end, and either may stand in the place of a file.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
}
MIB = 1 << 20


class UnreadableFile(OSError):
    """What is there is not a file that can be read: of another kind, or too large. `strerror` says why, as a clause."""


def is_full(error: OSError) -> bool:
    """Return whether a file could not be written because there is no room: on the disk, in a quota, or under a limit of file sizes."""
    return not isinstance(error, UnreadableFile) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def open_regular(path: Path | str, *, limit: int | None = None, follow: bool = True) -> IO[bytes]:
    """Return a file opened for reading, without waiting for anything.

    Args:
        path: of the file.
        limit: the largest size that is accepted, in bytes; None for any.
        follow: whether a symbolic link may stand for the file.

    Raises:
        UnreadableFile: it is a folder, pipe, device, socket or link, or it is larger than `limit`.
        OSError: it is missing, or cannot be opened; links that lead in a circle are among this.
    """
    try:
        # Looked at before it is opened, since opening a device can do something.
        _require(os.stat(path, follow_symlinks=follow), limit)  # noqa: PTH116 - a path is text or a Path here
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
        descriptor = os.open(path, flags)
    except ValueError as error:
        raise UnreadableFile(
            errno.EINVAL, "its name holds a character that no file name can have", str(path)
        ) from error
    try:
        _require(os.fstat(descriptor), limit)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _require(status: os.stat_result, limit: int | None) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise UnreadableFile(errno.EINVAL, f"it is {what}, not a file")
    if limit is not None and status.st_size > limit:
        raise _too_large(status.st_size, limit)


def _too_large(size: int, limit: int) -> UnreadableFile:
    return UnreadableFile(errno.EFBIG, f"it has {size / MIB:.0f} MiB, and at most {limit / MIB:.0f} MiB are read")
