"""A worker in a separate process on this machine."""

from __future__ import annotations

from infer_compare.environment import memory
from infer_compare.worker.client.base import WorkerClient
from infer_compare.worker.client.connection import MemorySeen
from infer_compare.worker.supervisor import Process, Watchdog


class LocalProcess(WorkerClient):
    """Starts workers as processes of this machine, and watches their memory whenever an answer is awaited."""

    def __init__(
        self, python: str | None = None, *, max_memory: int | None = None, start_deadline_s: float | None = None
    ) -> None:
        """Starts nothing yet.

        Args:
            python: another interpreter than this one, in which infer-compare and the backend are installed.
            max_memory: the memory limit of a worker in bytes; None to not watch it.
            start_deadline_s: see `WorkerClient`.
        """
        super().__init__(start_deadline_s=start_deadline_s)
        self._python = python
        self._max_memory = max_memory
        self._watchdog: Watchdog | None = None
        self._kills = 0

    def _connect(self, *, hurried: bool) -> Process:
        self._watchdog = None if self._max_memory is None else Watchdog(self._max_memory)
        if hurried and self._watchdog is not None:
            # It runs only points that have been tried, so its memory needs fewer checks.
            self._watchdog.timing()
        self._kills = memory.kernel_kills() or 0
        return Process(self._python, watchdog=self._watchdog)

    @property
    def memory(self) -> MemorySeen:
        """What the watchdog and the kernel have recorded since the last worker was started."""
        highest = 0 if self._watchdog is None else self._watchdog.highest
        return MemorySeen(highest, (memory.kernel_kills() or 0) - self._kills)
