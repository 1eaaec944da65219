"""The page about the kit lists every check as it is."""

from __future__ import annotations

import re
from pathlib import Path

from infer_compare.testing.conformance import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def test_the_page_lists_every_check_with_its_promise_in_their_order():
    """Static ones in italics, slow ones with an asterisk."""
    rows = re.findall(r"^\| \w* \| (\*?)`(\w+)`\*?( \\\*)? \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = [(name, bool(italic), bool(asterisk), promise) for italic, name, asterisk, promise in rows]
    assert told == [(one.name, not one.dynamic, one.slow, one.sentence) for one in CHECKS.values()]
