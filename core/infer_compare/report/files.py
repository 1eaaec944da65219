"""Writes reports to files: atomically, and without overwriting other files unless asked to."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def check_target(path: Path, *, force: bool) -> None:
    """Check that a report can be written to a path, before the work of making it.

    Raises:
        UsageError: the file exists and `force` is not given, the path is a folder, or its parent folder does not exist.
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
    """Check that a new run may write a report to a path, without overwriting anything.

    Raises:
        UsageError: the path exists.
    """
    if os.path.lexists(path):
        raise UsageError(f"{path} exists already; choose another run folder with -o, or move the file away.")


def write_report(path: Path, content: str | bytes, *, force: bool = False) -> None:
    """Write a file atomically: a reader finds all of it or nothing.

    Args:
        path: the file.
        content: bytes, or text, which is written as UTF-8.
        force: replace an existing file.

    Raises:
        UsageError: see `check_target`; or the file cannot be written.
    """
    check_target(path, force=force)
    data = content.encode() if isinstance(content, str) else content
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            # Write to a device or pipe directly; it must not be replaced by a file.
            target.write_bytes(data)
            return
        _put(target, data, force=force)
    except FileExistsError:
        raise UsageError(f"{path} exists already; name another file, or write over it with --force.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def _put(target: Path, data: bytes, *, force: bool) -> None:
    """Write the file under a temporary name in the same folder, then move it to its place."""
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
    """Move the file with a hard link, which, unlike a rename, fails if another program has made the file meanwhile."""
    try:
        os.link(beside, target)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no hard links.
        if target.exists():
            raise FileExistsError from None
        beside.rename(target)
