"""The terms that the report page explains are those of the glossary."""

from __future__ import annotations

from .conftest import load_script  # type: ignore[import-not-found]


def test_the_terms_of_the_page_are_up_to_date() -> None:
    """`python docs/render_glossary.py` writes them anew."""
    script = load_script("render_glossary")
    assert script.TERMS.read_text(encoding="utf-8") == script.content(), "run python docs/render_glossary.py"


def test_a_term_is_explained_in_words_alone() -> None:
    """The page has neither the marks of Markdown nor the pages that a link leads to."""
    script = load_script("render_glossary")
    text = "# Glossary\n\nverdict (`x`)\n: *Faster* or\n  slower. See [How](how.md#x).\n\nlatency\n: A time.\n"
    assert script.terms(text) == {"verdict (x)": "Faster or slower.", "latency": "A time."}
