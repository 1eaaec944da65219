"""How a check ends that does not pass."""

from __future__ import annotations


class Violation(AssertionError):
    """The backend breaks a promise. The text is a sentence or two: what is wrong, and what to do."""


class DeclaredGap(Exception):
    """The backend says by itself that it does not keep the promise; the text says how."""

    def __init__(self, declared: str, seen: str) -> None:
        """Carries both texts.

        Args:
            declared: what the backend says.
            seen: what is wrong.
        """
        super().__init__(declared)
        self.declared = declared
        self.seen = seen


class NotApplicable(Exception):
    """There is nothing to check here; the text says why."""

    def __init__(self, reason: str, *, refusal: str = "") -> None:
        """Carries the text.

        Args:
            reason: why there is nothing to check.
            refusal: the backend's own message, where it refused the model of the check.
        """
        super().__init__(reason)
        self.refusal = refusal
