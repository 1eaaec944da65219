"""Making, finding and listing run folders."""

from __future__ import annotations

import os
import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import StoreError
from infer_compare.paths import is_folder
from infer_compare.store.log import FILE, is_being_written, read_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infer_compare.results import Run

DEFAULT_ROOT = Path("runs")
LONGEST_STEM = 100
"""The most bytes of the model's name in the name of a run folder."""


class StoredRun(msgspec.Struct, frozen=True):
    """A line of `infer-compare runs`."""

    path: str
    created: str
    model: str
    contenders: tuple[str, ...]
    state: str
    """`complete`, `stopped`, `interrupted` or `running`, with `, damaged` if lines are damaged; or why it cannot be read."""
    answer: str = ""
    """The recommendation in a few words."""


def default_folder(model: str, root: Path = DEFAULT_ROOT) -> Path:
    """Return a path `runs/<time>-<model>` that does not exist yet."""
    stem = re.sub(r"[^\w.-]+", "-", Path(model).stem).strip("-.") or "model"
    # Shortened, as file systems limit names, and the time and a number are added.
    stem = stem.encode()[:LONGEST_STEM].decode(errors="ignore")
    base = root / f"{datetime.now().astimezone():%Y-%m-%d-%H%M%S}-{stem}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}-{number}")
    return path


def make_folder(path: Path) -> tuple[Path, ...]:
    """Make a new run folder.

    Returns:
        The folders that this call made, the innermost first; none if all existed.

    Raises:
        StoreError: the folder already holds a run, is a file, or cannot be made or written.
    """
    if _holds_run(path):
        raise StoreError(
            f"{path} already holds a run; choose another folder with -o, or resume it with --resume {shlex.quote(str(path))}."
        )
    made: list[Path] = []
    try:
        _make(path, made)
    except FileExistsError as error:
        raise StoreError(f"{path} is a file, not a folder; choose another folder with -o.") from error
    except OSError as error:
        raise StoreError(
            f"The run folder {path} cannot be created: {error.strerror}; choose another with -o."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise StoreError(f"The run folder {path} is not writable; choose another with -o.")
    return tuple(made)


def _make(path: Path, made: list[Path]) -> None:
    """Make a folder and its missing parents, and insert those that this call made at the front of `made`."""
    if path.parent != path and not path.parent.exists():
        _make(path.parent, made)
    try:
        path.mkdir()
    except OSError:
        # It may exist although it could not be made, for example on a read-only file system.
        if not path.is_dir():
            raise
    else:
        made.insert(0, path)


def run_file(path: Path) -> Path:
    """Return the run file of a folder; a path of a file is returned as it is."""
    return path / FILE if is_folder(path) else path


def load(path: Path) -> Run:
    """Return the run in a folder, or in a run file.

    Raises:
        StoreError: there is no run, or it cannot be read.
    """
    try:
        there = path.exists()
    except OSError as error:
        raise StoreError(f"The run {path} cannot be read: {error.strerror}.") from error
    if not there:
        raise StoreError(f"There is no run {path}; `infer-compare runs` lists the stored runs.")
    return read_run(run_file(path))


def list_runs(root: Path = DEFAULT_ROOT, answer_of: Callable[[Run], str] | None = None) -> Iterator[StoredRun]:
    """Yield the runs in the subfolders of a folder, sorted by name; unreadable runs are listed with the reason.

    Args:
        root: the folder.
        answer_of: returns the recommendation of a run; None to leave it out.
    """
    if not is_folder(root):
        return
    for path in sorted(child for child in root.iterdir() if _holds_run(child)):
        try:
            run = load(path)
        except StoreError as error:
            yield StoredRun(str(path), "", "", (), f"unreadable: {error}")
            continue
        yield StoredRun(
            str(path),
            run.header.created,
            run.header.model.name,
            run.labels,
            f"{_state(path, run)}{', damaged' if run.damage else ''}",
            answer_of(run) if answer_of is not None else "",
        )


def _state(path: Path, run: Run) -> str:
    """Return how a run ended, or `running` if another process holds the lock on its file."""
    state = run.closing.state if run.closing is not None else "interrupted"
    return "running" if state != "complete" and is_being_written(run_file(path)) else state


def _holds_run(path: Path) -> bool:
    """Return whether a folder has a run file; False for a folder that cannot be read."""
    try:
        return (path / FILE).exists()
    except OSError:
        return False
