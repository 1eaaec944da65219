"""What every message is, and the texts in it."""

from __future__ import annotations

from typing import Annotated

import msgspec

VERSION = 4
"""Parent and worker must speak the same version; a worker may live in another installation."""

Line = Annotated[str, msgspec.Meta(max_length=4096, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z")]
"""A text of one line."""
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
"""What an error said; workers send less."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the unions; never made itself."""

    number: int = 0
