"""Writes the terms of the glossary for the report page, which cannot link to it. Tests check that the file is up to date.

python docs/render_glossary.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path

DOCS = Path(__file__).parent
PAGE = DOCS / "glossary.md"
TERMS = DOCS.parent / "core" / "infer_compare" / "report" / "html" / "assets" / "glossary.json"
ENTRY = re.compile(r"^(?P<term>\S.*)\n: (?P<text>.+(?:\n  .+)*)", re.MULTILINE)
POINTER = re.compile(r"\s*(?:See\s+)?\[[^\]]*\]\([^)]*\)(?:\s+lists them)?\.")
"""A sentence that only points to another page."""
MARK = re.compile(r"[`*]")


def terms(text: str) -> dict[str, str]:
    """Return each term of the glossary and its explanation, without marks and without pointers to other pages."""
    explanations = {}
    for entry in ENTRY.finditer(text):
        words = re.sub(r"\s+", " ", entry["text"])
        explanations[MARK.sub("", entry["term"])] = MARK.sub("", POINTER.sub("", words))
    return explanations


def content() -> str:
    """Return the file for the page."""
    return json.dumps(terms(PAGE.read_text(encoding="utf-8")), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TERMS.write_text(content(), encoding="utf-8")
