"""The glossary of the documentation, included in the page, which has no link to the documentation."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def terms() -> dict[str, str]:
    """Return each term of the glossary and its explanation; `docs/render_glossary.py` writes the file."""
    text = files("infer_compare.report.html").joinpath("assets", "glossary.json").read_text(encoding="utf-8")
    glossary: dict[str, str] = json.loads(text)
    return glossary
