"""Prices as people write them, and what a million samples cost at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.errors import UsageError
from infer_compare.report import ReportDocument, document
from infer_compare.report.json import JsonReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.price import money, parse_price, price_words, priced
from infer_compare.report.text import TextReporter
from infer_compare.verdicts import summarise

if TYPE_CHECKING:
    from conftest import Story


@pytest.mark.parametrize(
    ("text", "amount", "currency", "per_second"),
    [
        ("1.20/h", 1.2, "", 1.2 / 3600),
        ("0.0003/s", 0.0003, "", 0.0003),
        ("$1.20/h", 1.2, "$", 1.2 / 3600),
        ("EUR 1.20/h", 1.2, "EUR", 1.2 / 3600),
        ("1.20 EUR / h", 1.2, "EUR", 1.2 / 3600),
        ("1.20€/h", 1.2, "€", 1.2 / 3600),
        (" 30/d ", 30.0, "", 30 / 86_400),
        ("£.5/min", 0.5, "£", 0.5 / 60),
    ],
)
def test_a_price_is_read_as_people_write_it(text: str, amount: float, currency: str, per_second: float) -> None:
    """With a word or a sign before or behind the number, or none."""
    found = parse_price(text)
    assert (found.amount, found.currency) == (amount, currency)
    assert found.per_second == pytest.approx(per_second, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "1.20", "/h", "h", "1,20/h", "-1/h", "0/h", "1e3/h", "nan/h", "$1 EUR/h", "#1/h", "1/week", "9" * 400 + "/h"],
)
def test_what_is_no_price_is_refused_in_one_sentence(text: str) -> None:
    """A comma could be a decimal point or a thousand, so it is not guessed at."""
    with pytest.raises(UsageError) as caught:
        parse_price(text)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_price_is_shown_as_it_was_given() -> None:
    """Two decimals, or all there are."""
    assert price_words(parse_price("$1.2/h")) == "$1.20 an hour"
    assert price_words(parse_price("0.0003 EUR/s")) == "0.0003 EUR a second"
    assert (money(0.06138, "$"), money(0.06138, "EUR"), money(61.38, "")) == ("$0.0614", "0.0614 EUR", "61.4")


def test_a_million_samples_cost_the_price_over_the_throughput_of_the_best_size(story: type[Story]) -> None:
    """And between what they cost at the ends of the throughput's interval."""
    run = story().run()
    made = priced(document(run), parse_price("3.60/h"))
    assert made.costs is not None
    bests = {one.contender: one for one in summarise(run).answers[0].by_contender}
    assert [one.contender for one in made.costs.by_contender] == list(bests)
    for one in made.costs.by_contender:
        figures = bests[one.contender].figures
        assert one.point == bests[one.contender].point
        assert one.per_million == pytest.approx(0.001 * 1e6 / figures.throughput)
        assert figures.spread is not None
        assert one.low == pytest.approx(one.per_million / (1 + figures.spread))
        assert one.high == pytest.approx(one.per_million / (1 - figures.spread))


def test_what_keeps_a_latency_bound_is_priced_first(story: type[Story]) -> None:
    """At the best size that is shown to keep it, which costs more than the best of all."""
    made = priced(document(story(plan={"latency_bound_ns": 1_500_000}).run()), parse_price("1/h"))
    assert made.costs is not None
    bounded, *others = made.costs.by_contender
    assert bounded.contender == "onnx"
    assert bounded.bound == "p95 within 1.50 ms"
    free = next(one for one in others if one.contender == "onnx")
    assert not free.bound
    assert bounded.point.batch < free.point.batch
    assert bounded.per_million > free.per_million


def test_reports_say_what_it_costs(story: type[Story]) -> None:
    """Text, Markdown and JSON; none of them without a price."""
    plain = document(story().run())
    made = priced(plain, parse_price("$3.60/h"))
    assert made.costs is not None
    shown = money(made.costs.by_contender[0].per_million, "$")
    text, markdown = TextReporter().render(made), MarkdownReporter().render(made)
    assert "COST  of a million samples at $3.60 an hour" in text
    assert shown in text
    assert f"\\{shown}" in markdown
    read = msgspec.json.decode(JsonReporter().render(made), type=ReportDocument)
    assert read == msgspec.structs.replace(made, timelines=())
    assert "COST" not in TextReporter().render(plain)
    assert "million" not in MarkdownReporter().render(plain)


def test_a_run_without_figures_has_a_price_and_no_costs(story: type[Story]) -> None:
    """Nothing is divided by nothing."""
    made = priced(document(story(refused=(1, 2, 3, 4)).run()), parse_price("1/h"))
    assert made.costs is not None
    assert made.costs.by_contender == ()
    assert "COST" in TextReporter().render(made)
