"""Redraws the progress during steps that time nothing; during other steps its thread sleeps."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from infer_compare.cli.progress_line import SLOW_S

if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD_S = 1.0


class Ticker:
    """Calls a function every second of a slow step, from its third second on."""

    def __init__(self, tick: Callable[[], None], *, first_s: float = SLOW_S, period_s: float = PERIOD_S) -> None:
        """Start no thread yet.

        Args:
            tick: draws; never called concurrently if other callers hold `lock`.
            first_s: seconds that a step must last before the first call.
            period_s: seconds between calls.
        """
        self._tick = tick
        self._first_s = first_s
        self._period_s = period_s
        self._condition = threading.Condition(threading.RLock())
        self._steps = 0
        self._slow = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def lock(self) -> threading.Condition:
        """Held while the function is called."""
        return self._condition

    def step(self, *, slow: bool) -> None:
        """Note that another step has begun.

        Args:
            slow: whether the function may be called during the step.
        """
        with self._condition:
            self._steps += 1
            # Other steps need not wake the sleeping thread.
            wake = slow or self._slow
            self._slow = slow
            if slow and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
                self._thread.start()
            elif wake:
                self._condition.notify()

    def close(self) -> None:
        """End the thread."""
        with self._condition:
            self._closed, self._slow = True, False
            self._condition.notify()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        with self._condition:
            while not self._closed:
                if self._slow:
                    self._tick_through(self._steps)
                else:
                    self._condition.wait()

    def _tick_through(self, step: int) -> None:
        """Call the function periodically until the step is over."""
        wait_s = self._first_s
        while not self._condition.wait_for(lambda: not self._slow or step != self._steps, wait_s):
            # The terminal may be gone.
            with contextlib.suppress(OSError, ValueError):
                self._tick()
            wait_s = self._period_s
