"""The table of columns is that of the program."""

from __future__ import annotations

from .conftest import load_script  # type: ignore[import-not-found]


def test_the_table_of_columns_is_up_to_date() -> None:
    """`python docs/render_columns.py` writes it anew."""
    script = load_script("render_columns")
    text = script.PAGE.read_text(encoding="utf-8")
    assert script.page(text) == text, "run python docs/render_columns.py"


def test_every_column_is_described() -> None:
    """In a clause that can be understood without the others."""
    from infer_compare.report.metrics import METRICS

    for metric in METRICS:
        assert len(metric.description) > 5, metric.name
        assert not metric.description.startswith("the same"), metric.name
