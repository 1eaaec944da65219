"""Opens files that a user named: only regular files, up to a size limit, and without blocking.

Opening a named pipe would wait for its writer, and a device may never end.
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
    """The path is not a readable regular file, or the file is too large. `strerror` says why, as a clause."""


def is_full(error: OSError) -> bool:
    """Return whether a file could not be written because the disk is full, or a quota or a limit of file sizes is reached."""
    return not isinstance(error, UnreadableFile) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def open_regular(path: Path | str, *, limit: int | None = None, follow: bool = True) -> IO[bytes]:
    """Open a regular file for reading, without blocking.

    Args:
        path: the file.
        limit: the largest accepted size, in bytes; None for any.
        follow: whether the path may be a symbolic link to the file.

    Raises:
        UnreadableFile: the path is a folder, pipe, device, socket or link, or the file is larger than `limit`.
        OSError: the file is missing or cannot be opened, for example because of a loop of links.
    """
    try:
        # Check before opening, since opening a device can have side effects.
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
