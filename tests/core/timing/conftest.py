"""A clock that moves only when a fake call moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class ManualClock:
    """Nanoseconds that pass only where a test says so."""

    def __init__(self) -> None:
        self.now = 1_000
        self.made: list[str] = []

    def __call__(self) -> int:
        return self.now

    def call(self, duration_ns: int, name: str = "call") -> Callable[[], None]:
        """A call that always takes `duration_ns`."""

        def take_time() -> None:
            self.now += duration_ns
            self.made.append(name)

        return take_time

    def calls_lasting(self, durations: Iterator[int]) -> Callable[[], None]:
        """A call whose durations come one after another from an iterator."""

        def take_time() -> None:
            self.now += next(durations)
            self.made.append("call")

        return take_time


@pytest.fixture
def clock() -> ManualClock:
    """A clock at rest."""
    return ManualClock()
