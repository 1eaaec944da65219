"""Sentences cut to a length that a person reads: what was typed may be longer than a screen."""

from __future__ import annotations

import re

LONGEST_WORD = 300
"""Characters; a path or a list of numbers without spaces is one word."""
LONGEST_TEXT = 4000

_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


def brief(text: str) -> str:
    """Return the text with the middle of very long words left out, and with what follows a very long text left out."""
    short = _LONG.sub(lambda match: _middle_out(match[0]), text)
    return short if len(short) <= LONGEST_TEXT else f"{short[:LONGEST_TEXT]}..."


def _middle_out(word: str) -> str:
    return f"{word[:120]}[{len(word) - 160} more characters]{word[-40:]}"
