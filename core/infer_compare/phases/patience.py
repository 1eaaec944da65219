"""How long a run waits for a server that does a contender's work and is not reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Before each further connection, which a fresh worker makes."""


class Patience:
    """Waits between connections: a few times for each contender, until its server did not come back once."""

    def __init__(
        self, sleep: Callable[[float], None], note: Callable[[str, str], None], is_over: Callable[[float], bool]
    ) -> None:
        """Has not waited yet.

        Args:
            sleep: waits for seconds.
            note: hears why there is a wait, with the contender's label.
            is_over: says whether what takes so many seconds would end after the budget.
        """
        self._sleep = sleep
        self._note = note
        self._is_over = is_over
        self._lost: set[str] = set()

    def waits(self, label: str) -> Iterator[Callable[[str], None]]:
        """Yield what waits before the next connection and says why; nothing more where the contender is given up.

        Args:
            label: the contender's.
        """
        if label in self._lost:
            return
        for seconds in WAITS_S:
            if self._is_over(seconds):
                break

            def wait(reason: str, seconds: float = seconds) -> None:
                self._note(label, f"{label} did not reach its server ({reason}); next try in {significant(seconds)} s")
                self._sleep(seconds)

            yield wait
        self._lost.add(label)
