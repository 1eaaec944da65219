"""Reports as files: whole or not at all, and never over another file without being told so."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def check_target(path: Path, *, force: bool) -> None:
    """Looks whether a report could be written there, before the work of making it.

    Raises:
        UsageError: the file is there and `force` is not given, or it is a folder, or its folder is not there.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file in it.")
        if not force and (path.exists() or path.is_symlink()):
            raise UsageError(f"{path} exists already; name another file, or write over it with --force.")
        if not path.parent.is_dir():
            raise UsageError(f"{path} cannot be written: there is no folder {path.parent}.")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def check_free(path: Path) -> None:
    """Look whether a new run may leave a report there: what somebody else has put there is not written over.

    Raises:
        UsageError: something is there already.
    """
    if os.path.lexists(path):
        raise UsageError(f"{path} exists already; choose another run folder with -o, or move the file away.")


def write_report(path: Path, content: str | bytes, *, force: bool = False) -> None:
    """Writes the file at once: a reader finds all of it or nothing.

    Args:
        path: of the file.
        content: text, which is written as UTF-8, or bytes.
        force: replace a file that is there.

    Raises:
        UsageError: see `check_target`; or it cannot be written.
    """
    check_target(path, force=force)
    data = content.encode() if isinstance(content, str) else content
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            # A device or a pipe is written to; it must not be replaced by a file.
            target.write_bytes(data)
            return
        _put(target, data, force=force)
    except FileExistsError:
        raise UsageError(f"{path} exists already; name another file, or write over it with --force.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def _put(target: Path, data: bytes, *, force: bool) -> None:
    """Makes the file under another name beside its place, then moves it there."""
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if force:
            with contextlib.suppress(FileNotFoundError):
                beside.chmod(target.stat().st_mode & 0o7777)
            beside.replace(target)
        else:
            _move_to_free_place(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _move_to_free_place(beside: Path, target: Path) -> None:
    """A link, unlike a move, fails where another program has made the file meanwhile."""
    try:
        os.link(beside, target)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no links.
        if target.exists():
            raise FileExistsError from None
        beside.rename(target)
