"""The cache of converted and compiled models, keyed by the content of the model and by the conversion."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.errors import UsageError
from infer_compare.scratch import Scratch, remove_abandoned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

VARIABLE = "INFER_COMPARE_CACHE"
"""Environment variable that names another cache folder."""


def cache_folder() -> Path:
    """Return the cache folder, which need not exist yet.

    Raises:
        UsageError: no environment variable names a folder, and the user has no home folder.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if home := os.environ.get("XDG_CACHE_HOME"):
        return Path(home) / "infer-compare"
    try:
        return Path.home() / ".cache" / "infer-compare"
    except RuntimeError:
        raise UsageError(f"There is no home folder for converted models; set HOME or {VARIABLE}.") from None


CONTENTS = "contents.json"
"""The file with the sizes of a cached model's files, which reveals files cut short by a crash or a full disk."""


IN_USE_S = 3600.0
"""Models used within this many seconds are not removed to make room."""

_KEY = re.compile("[0-9a-f]{32}")
_LOCK = re.compile(r"\.[0-9a-f]{32}\.lock")


class KeptModel(NamedTuple):
    """A converted or compiled model in the cache."""

    key: str
    name: str
    """Name of its file or folder, with the suffix of the format."""
    size: int
    """The size in bytes."""
    used: float
    """When it was last added or used, in seconds since 1970."""


class ConversionCache:
    """The cache, with a folder for each model, named by a hash of everything that determines its content."""

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        """Create nothing yet.

        Args:
            folder: the cache folder; the user's when None.
            limit: the most bytes of models that remain after a model was added; None for no limit.
        """
        self._folder = (folder or cache_folder()) / "converted"
        self._limit = limit

    @staticmethod
    def key(parts: Mapping[str, object]) -> str:
        """Return the key for these parts, a hash."""
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def get(self, key: str, name: str, make: Callable[[Path], None], spare: Path) -> tuple[Path, bool]:
        """Return the path of a cached model, and make it if it is missing or incomplete.

        A conversion that fails or is cut off leaves nothing that could be mistaken for a model.

        Args:
            key: see `key`.
            name: the name of the file or folder.
            make: writes the model to the given path.
            spare: the folder to use if the cache cannot be written.

        Returns:
            The path, and whether the model was in the cache.
        """
        kept = self._folder / key / name
        if _is_whole(kept):
            with contextlib.suppress(OSError):
                os.utime(kept.parent / CONTENTS)
            return kept, True
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            scratch = Scratch(self._folder)
        except OSError:
            place = spare / key
            place.mkdir(parents=True, exist_ok=True)
            make(place / name)
            return place / name, False
        with scratch as folder:
            work = folder / "made"
            work.mkdir()
            make(work / name)
            with contextlib.suppress(OSError):
                (work / CONTENTS).write_text(json.dumps(_sizes(work)))
                if not _is_whole(kept):
                    shutil.rmtree(kept.parent, ignore_errors=True)
                # Another process may have been faster; its result is the same.
                work.rename(kept.parent)
            if not _is_whole(kept):
                shutil.copytree(work, spare / key, dirs_exist_ok=True)
                return spare / key / name, False
        self._make_room()
        return kept, False

    def growing(self, key: str, name: str, spare: Path) -> Path:
        """Return a folder that a framework fills itself, now and in later runs, possibly from several processes at once.

        Args:
            key: see `key`.
            name: the name of the folder.
            spare: the folder to use if the cache cannot be written.
        """
        kept = self._folder / key / name
        try:
            kept.mkdir(parents=True, exist_ok=True)
            (kept.parent / CONTENTS).touch()
        except OSError:
            kept = spare / key / name
            kept.mkdir(parents=True, exist_ok=True)
        self._make_room()
        return kept

    @contextlib.contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Hold an exclusive lock on a key inside the block; without file locks, nobody waits."""
        import fcntl

        lock = self._folder / f".{key}.lock"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield
            return
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            # After the lock file is removed, a process that comes later may lock a new one: both make the same model.
            lock.unlink(missing_ok=True)
            os.close(descriptor)

    def _make_room(self) -> None:
        if self._limit is not None:
            self.trim(self._limit)

    def models(self) -> list[KeptModel]:
        """Return the cached models, most recently used first; models that another process is removing may be missing."""
        kept = []
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            with contextlib.suppress(OSError, ValueError):
                if _is_ours(folder):
                    name = min(entry.name for entry in folder.iterdir() if entry.name != CONTENTS)
                    size, used = sum(_sizes(folder).values()), (folder / CONTENTS).stat().st_mtime
                    kept.append(KeptModel(folder.name, name, size, used))
        return sorted(kept, key=lambda model: model.used, reverse=True)

    def trim(self, limit: int, now: float | None = None) -> int:
        """Remove the least recently used models until the rest take no more bytes than the limit.

        Models used within the last hour stay, since a run may be reading them.

        Args:
            limit: in bytes.
            now: the time in seconds since 1970; the current time when None.

        Returns:
            The number of removed bytes.
        """
        now = time.time() if now is None else now
        total = removed = 0
        for model in self.models():
            total += model.size
            if total > limit and now - model.used > IN_USE_S:
                shutil.rmtree(self._folder / model.key, ignore_errors=True)
                total -= model.size
                removed += model.size
        return removed

    def clear(self) -> int:
        """Remove all cached models, and the remains of dead processes; other files in the folder stay.

        Returns:
            The number of bytes that the models took.
        """
        if not self._folder.is_dir():
            return 0
        remove_abandoned(self._folder)
        size = 0
        for model in self._folder.iterdir():
            if _is_ours(model):
                size += sum(_sizes(model).values())
                shutil.rmtree(model)
            elif _LOCK.fullmatch(model.name):
                model.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()
        return size


def _is_ours(folder: Path) -> bool:
    """Return whether a folder is one of the cache: not a link, named by a key, and with the list of contents."""
    named = _KEY.fullmatch(folder.name) is not None
    return named and not folder.is_symlink() and folder.is_dir() and (folder / CONTENTS).is_file()


def _sizes(folder: Path) -> dict[str, int]:
    """Return the size of each file in a folder, by its relative path."""
    files = [file for file in folder.rglob("*") if file.is_file() and file != folder / CONTENTS]
    return {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}


def _is_whole(model: Path) -> bool:
    """Return whether a cached model has the files and sizes with which it was stored."""
    try:
        return model.exists() and bool(json.loads((model.parent / CONTENTS).read_text()) == _sizes(model.parent))
    except (OSError, ValueError):
        return False
