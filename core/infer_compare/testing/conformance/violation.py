"""The exceptions with which checks end that do not pass."""

from __future__ import annotations


class Violation(AssertionError):
    """The backend breaks a promise. The message says what is wrong and what to do, in a sentence or two."""


class DeclaredGap(Exception):
    """The backend itself declares that it does not keep the promise; the message says how."""

    def __init__(self, declared: str, seen: str) -> None:
        """Store both texts.

        Args:
            declared: the declaration of the backend.
            seen: what is wrong.
        """
        super().__init__(declared)
        self.declared = declared
        self.seen = seen


class NotApplicable(Exception):
    """There is nothing to check here; the message says why."""

    def __init__(self, reason: str, *, refusal: str = "") -> None:
        """Store the text.

        Args:
            reason: why there is nothing to check.
            refusal: the backend's message, if it refused the model of the check.
        """
        super().__init__(reason)
        self.refusal = refusal
