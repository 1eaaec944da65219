"""The base class of messages, and the types of texts in them."""

from __future__ import annotations

from typing import Annotated

import msgspec

VERSION = 4
"""Of the protocol; parent and worker must have the same, as a worker may run in another installation."""

Line = Annotated[str, msgspec.Meta(max_length=4096, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z")]
"""A text of one line."""
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
"""A text of an error; workers shorten theirs to less."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The base class of requests and replies; never instantiated itself."""

    number: int = 0
