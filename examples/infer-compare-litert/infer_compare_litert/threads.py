"""Counting the threads that an interpreter started, for which LiteRT has no function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Made = TypeVar("Made")
TASKS = Path("/proc/self/task")


def started_threads(make: Callable[[], Made]) -> tuple[Made, str]:
    """Return the result of a function, and the number of its threads: the caller's and those started meanwhile."""
    before = _tasks()
    made = make()
    return made, str(1 + _tasks() - before) if before else "unknown"


def _tasks() -> int:
    """Return the number of threads of this process; 0 if the system does not report it."""
    try:
        return sum(1 for _ in TASKS.iterdir())
    except OSError:
        return 0
