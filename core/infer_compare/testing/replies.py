"""The pipe on which a worker answers, for backends that misuse it."""

from __future__ import annotations

import os
import sys
from typing import Literal

Violation = Literal["garbage", "oversized"]

_RUBBISH: dict[Violation, bytes] = {"garbage": b"\x00\x00\x00\x05hello", "oversized": b"\xff\xff\xff\xff"}


def replies() -> int:
    """The descriptor on which this worker answers."""
    return next(int(word.partition("=")[2]) for word in sys.argv if word.startswith("--replies="))


def violate(how: Violation) -> None:
    """Writes what is no message, or the beginning of one that is longer than any."""
    os.write(replies(), _RUBBISH[how])
