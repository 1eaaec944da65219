"""Waiting for a contender's server that is not reached."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import msgspec

from infer_compare.phases.outcome_error import OutcomeError
from infer_compare.results import Unavailable
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.results import Start

WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses before each further attempt to connect, which a fresh worker makes."""


class Patience:
    """Pauses between attempts to connect. After a contender's server was once not reached in all attempts, it no longer waits."""

    def __init__(
        self, sleep: Callable[[float], None], note: Callable[[str, str], None], is_over: Callable[[float], bool]
    ) -> None:
        """Has not waited yet.

        Args:
            sleep: waits for some seconds.
            note: called with the contender's label and the reason of a pause.
            is_over: returns whether a step of some seconds would exceed the budget.
        """
        self._sleep = sleep
        self._note = note
        self._is_over = is_over
        self._lost: set[str] = set()

    def started(self, label: str, finish: Callable[[], Start], begin: Callable[[], None]) -> Start:
        """Complete the start of a worker; if its server is not reached, wait and try again with fresh workers.

        Args:
            label: of the contender.
            finish: completes the start of the worker that was begun.
            begin: begins another worker.

        Raises:
            OutcomeError: the worker cannot be started, or its server was not reached in any attempt.
        """
        for tries in count(1):
            try:
                return finish()
            except OutcomeError as refused:
                if not isinstance(refused.outcome, Unavailable):
                    raise
                reason, seconds = refused.outcome.reason, self._next_wait_s(label, tries)
                if seconds is None:
                    raise OutcomeError(msgspec.structs.replace(refused.outcome, tries=tries)) from refused
            self._note(label, f"{label} did not reach its server ({reason}); next try in {significant(seconds)} s")
            self._sleep(seconds)
            begin()
        raise AssertionError("there is always a next number")

    def _next_wait_s(self, label: str, tries: int) -> float | None:
        """Return how long to wait after some attempts; None to give up."""
        if label not in self._lost and tries <= len(WAITS_S) and not self._is_over(WAITS_S[tries - 1]):
            return WAITS_S[tries - 1]
        self._lost.add(label)
        return None
