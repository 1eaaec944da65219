"""`serving.json` in a run's folder: the serving curves that were measured of its contenders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.capacity.values import ServingCurve

FILE = "serving.json"


def read_curves(folder: Path) -> tuple[ServingCurve, ...]:
    """Return the serving curves that are stored beside a run; none where there is no file.

    Args:
        folder: of the run.

    Raises:
        StoreError: the file is damaged, or of a newer version.
    """
    raise NotImplementedError


def write_curve(folder: Path, curve: ServingCurve) -> None:
    """Store a serving curve beside a run, in place of an earlier one of the same contender and number of copies.

    Args:
        folder: of the run.
        curve: what was measured.

    Raises:
        StoreError: the file cannot be written, or what is there is damaged.
    """
    raise NotImplementedError
