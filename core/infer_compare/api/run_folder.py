"""The folder of a run that is about to begin: made, and taken back where no run begins."""

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
    """Make the folder of a run, which must hold none, with a temporary folder inside; remove what stays empty.

    Raises:
        StoreError: the folder cannot be made or written.
    """
    made = make_folder(folder)
    try:
        with scratch_in(folder) as scratch:
            yield scratch
    finally:
        # From the innermost on, up to one that holds something.
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()


@contextlib.contextmanager
def new_log(folder: Path) -> Iterator[RunLog]:
    """Make the file of a run; without its first record, by which it is reported and resumed, nothing of it stays.

    Raises:
        StoreError: there is one already, or there is no room for it.
    """
    with begun(RunLog(folder / FILE, create=True)) as log:
        yield log


def scratch_in(folder: Path) -> Scratch:
    """Make the temporary folder of a run inside its folder.

    Raises:
        StoreError: it cannot be made there.
    """
    try:
        return Scratch(folder)
    except OSError as error:
        if is_full(error):
            raise full_disk(folder) from error
        raise StoreError(
            f"The run folder {folder} cannot be written: {error.strerror}; choose another with -o."
        ) from error
