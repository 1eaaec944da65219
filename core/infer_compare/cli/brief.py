"""Shortens messages that quote very long arguments."""

from __future__ import annotations

import re

LONGEST_WORD = 300
"""Characters; a path or a list of numbers without spaces is one word."""
LONGEST_TEXT = 4000

_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


def brief(text: str) -> str:
    """Return the text without the middle of very long words, cut at its end if it is very long."""
    short = _LONG.sub(lambda match: _middle_out(match[0]), text)
    return short if len(short) <= LONGEST_TEXT else f"{short[:LONGEST_TEXT]}..."


def _middle_out(word: str) -> str:
    return f"{word[:120]}[{len(word) - 160} more characters]{word[-40:]}"
