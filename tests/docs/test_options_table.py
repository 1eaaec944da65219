"""The table of options and the keywords of `sweep` are those of the program."""

from __future__ import annotations

from infer_compare.api.keywords import SweepKeywords
from infer_compare.request.options import RunOptions

from .conftest import load_script  # type: ignore[import-not-found]


def test_the_table_of_options_is_up_to_date() -> None:
    """`python docs/render_options.py` writes it anew."""
    script = load_script("render_options")
    text = script.PAGE.read_text(encoding="utf-8")
    assert script.page(text) == text, "run python docs/render_options.py"


def test_type_checkers_know_the_keywords_of_a_sweep() -> None:
    """Every option besides the model; `python docs/render_options.py` writes them anew."""
    script = load_script("render_options")
    assert script.KEYWORDS.read_text(encoding="utf-8") == script.keywords(), "run python docs/render_options.py"
    assert ["model", *SweepKeywords.__annotations__] == list(RunOptions.__struct_fields__)
