"""Converted and compiled models, kept between runs: by the content of the model, and by what made them."""

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
"""Names another folder than `infer-compare` in the user's cache folder."""


def cache_folder() -> Path:
    """Return where converted and compiled models are kept; it need not be there yet.

    Raises:
        UsageError: no variable names a folder, and the user has no home.
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
"""Lies beside a model that is kept: the sizes of its files, which show whether a crash or a full disk cut one short."""


IN_USE_S = 3600.0
"""A model that was used within so many seconds is not removed to make room."""

_KEY = re.compile("[0-9a-f]{32}")
_LOCK = re.compile(r"\.[0-9a-f]{32}\.lock")


class KeptModel(NamedTuple):
    """A converted or compiled model in the cache."""

    key: str
    name: str
    """Of its file or folder; the ending is that of the format."""
    size: int
    """In bytes."""
    used: float
    """When it was last put there or taken, in seconds since 1970."""


class ConversionCache:
    """A folder for each model, named by a hash of everything that decides its content."""

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        """Makes nothing yet.

        Args:
            folder: instead of the user's own.
            limit: the most bytes of models that stay after one was added; None for any number.
        """
        self._folder = (folder or cache_folder()) / "converted"
        self._limit = limit

    @staticmethod
    def key(parts: Mapping[str, object]) -> str:
        """Return the name under which what these parts decide is kept."""
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def get(self, key: str, name: str, make: Callable[[Path], None], spare: Path) -> tuple[Path, bool]:
        """Return the file of a converted model, made where it is not kept yet.

        A conversion that fails, or is cut off, leaves nothing behind that could be taken for a model. What is kept and is
        not whole any more is made again.

        Args:
            key: see `key`.
            name: of the file or folder in it.
            make: writes it to the path that it is given.
            spare: a folder to use where the cache cannot be written.

        Returns:
            Its path, and whether it was kept already.
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
                # Another process may have been quicker; what it made is the same.
                work.rename(kept.parent)
            if not _is_whole(kept):
                shutil.copytree(work, spare / key, dirs_exist_ok=True)
                return spare / key / name, False
        self._make_room()
        return kept, False

    def growing(self, key: str, name: str, spare: Path) -> Path:
        """Return a folder that a framework fills itself, now and in later runs; several processes may at the same time.

        Args:
            key: see `key`.
            name: of the folder.
            spare: a folder to use where the cache cannot be written.
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
        """Give one process at a time the key, and let others wait; all at once where files cannot be locked there."""
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
            # Whoever waits for this file comes next, whoever comes later makes a new one: what both make is the same.
            lock.unlink(missing_ok=True)
            os.close(descriptor)

    def _make_room(self) -> None:
        if self._limit is not None:
            self.trim(self._limit)

    def models(self) -> list[KeptModel]:
        """Return what is kept, the model used last first; one that another process is removing may be left out."""
        found = []
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            with contextlib.suppress(OSError, ValueError):
                if _is_ours(folder):
                    name = min(entry.name for entry in folder.iterdir() if entry.name != CONTENTS)
                    size, used = sum(_sizes(folder).values()), (folder / CONTENTS).stat().st_mtime
                    found.append(KeptModel(folder.name, name, size, used))
        return sorted(found, key=lambda one: one.used, reverse=True)

    def trim(self, limit: int, now: float | None = None) -> int:
        """Remove the models that were used longest ago, until the others take no more bytes than the limit.

        One that was used within the last hour stays: a run may be reading it.

        Args:
            limit: in bytes.
            now: the time, in seconds since 1970; the clock's when None.

        Returns:
            How many bytes were removed.
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
        """Remove every model that was put here, and what dead processes left; anything else in the folder stays.

        Returns:
            How many bytes the models took.

        Raises:
            OSError: one cannot be removed.
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
    """Whether a folder, which is no link, has a name that `key` makes and the list of contents that is put beside a model."""
    named = _KEY.fullmatch(folder.name) is not None
    return named and not folder.is_symlink() and folder.is_dir() and (folder / CONTENTS).is_file()


def _sizes(folder: Path) -> dict[str, int]:
    """The size of each file in a folder, by its path in it."""
    files = [one for one in folder.rglob("*") if one.is_file() and one != folder / CONTENTS]
    return {one.relative_to(folder).as_posix(): one.stat().st_size for one in files}


def _is_whole(model: Path) -> bool:
    """Whether a model that is kept has the files and sizes with which it was put there."""
    try:
        return model.exists() and bool(json.loads((model.parent / CONTENTS).read_text()) == _sizes(model.parent))
    except (OSError, ValueError):
        return False
