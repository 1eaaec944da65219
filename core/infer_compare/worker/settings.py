"""The settings that all workers of a run share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The thread budget, seed and limits of all workers of a run."""

    threads: int
    seed: int
    max_memory: int
    timeout_s: float
    device_memory: int | None = None
    """See `Settings.device_memory`."""
    backstop: bool = False
    """Whether the kernel helps the watchdog to keep the cap."""
    dataset: tuple[Path, ...] = ()
    """One file per input, where passes over a data set are timed."""
