"""What an answer about capacity assumes is said on its page as in reports."""

from __future__ import annotations

from .conftest import load_script  # type: ignore[import-not-found]


def test_the_assumptions_are_up_to_date() -> None:
    """`python docs/render_assumptions.py` writes them anew."""
    script = load_script("render_assumptions")
    text = script.PAGE.read_text(encoding="utf-8")
    assert script.page(text) == text, "run python docs/render_assumptions.py"
