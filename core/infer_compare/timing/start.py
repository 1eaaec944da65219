"""Waiting for the common moment at which several instances begin timing, by the clock that they share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.timing.clock import Clock

SPIN_NS = 2_000_000
"""How long before the moment sleeping gives way to polling the clock, as sleeps end up to 0.2 ms late on an idle core."""


def wait_until(moment_ns: int, clock: Clock, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return at a moment, within a microsecond if a core is free; at once if it has passed."""
    sleep_until(moment_ns - SPIN_NS, clock, sleep)
    while clock() < moment_ns:
        pass


def sleep_until(moment_ns: int, clock: Clock, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return at a moment or slightly later; at once if it has passed."""
    early_ns = moment_ns - clock()
    if early_ns > 0:
        sleep(early_ns / 1e9)
