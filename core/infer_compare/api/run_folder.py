"""Creates the folder of a new run, and removes it again if no run begins."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from infer_compare.errors import StoreError
from infer_compare.files import is_full
from infer_compare.scratch import Scratch
from infer_compare.store import FILE, RunLog, begun, full_disk, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def run_folder(folder: Path) -> Iterator[Path]:
    """Create the folder of a new run, and give a temporary folder inside it; remove the created folders if they stay empty.

    Raises:
        StoreError: the folder cannot be created or written.
    """
    made = make_folder(folder)
    try:
        with scratch_in(folder) as scratch:
            yield scratch
    finally:
        # From the innermost outwards, up to the first that is not empty.
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()


@contextlib.contextmanager
def new_log(folder: Path) -> Iterator[RunLog]:
    """Create the run file; remove it again if its first record, which reports and `--resume` need, is not written.

    Raises:
        StoreError: the run file exists, or the disk is full.
    """
    with begun(RunLog(folder / FILE, create=True)) as log:
        yield log


def scratch_in(folder: Path) -> Scratch:
    """Create the temporary folder of a run inside the run folder.

    Raises:
        StoreError: the folder cannot be created.
    """
    try:
        return Scratch(folder)
    except OSError as error:
        if is_full(error):
            raise full_disk(folder) from error
        raise StoreError(
            f"The run folder {folder} cannot be written: {error.strerror}; choose another with -o."
        ) from error
