"""How a check ends that does not pass."""

from __future__ import annotations


class Violation(AssertionError):
    """The backend breaks a promise. The text is a sentence or two: what is wrong, and what to do."""


class NotApplicable(Exception):
    """There is nothing to check here; the text says why."""
