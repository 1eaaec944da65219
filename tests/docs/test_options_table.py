"""The table of options is that of the program."""

from __future__ import annotations

from .conftest import load_script  # type: ignore[import-not-found]


def test_the_table_of_options_is_up_to_date() -> None:
    """`python docs/render_options.py` writes it anew."""
    script = load_script("render_options")
    text = script.PAGE.read_text(encoding="utf-8")
    assert script.page(text) == text, "run python docs/render_options.py"
