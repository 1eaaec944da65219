"""How many threads an interpreter started: LiteRT has no function that tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Made = TypeVar("Made")
TASKS = Path("/proc/self/task")


def started_threads(make: Callable[[], Made]) -> tuple[Made, str]:
    """Return what a function makes, and the threads that compute for it: the caller's and those that appeared meanwhile."""
    before = _tasks()
    made = make()
    return made, str(1 + _tasks() - before) if before else "unknown"


def _tasks() -> int:
    """The threads of this process; 0 where the system does not tell."""
    try:
        return sum(1 for _ in TASKS.iterdir())
    except OSError:
        return 0
