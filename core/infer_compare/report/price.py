"""The cost of a million samples, from the price of the machine."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import UsageError
from infer_compare.limits import LARGEST_PRICE
from infer_compare.report.phrases import thread_words
from infer_compare.report.schema import Cost, Costs, Price
from infer_compare.report.sentences.answers import bound_words
from infer_compare.report.words import plain
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.report.schema import AnswerReport, ReportDocument, TimeUnit

SECONDS: dict[TimeUnit, int] = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
"""Seconds of each unit of time that a price may use."""
UNIT_WORDS: dict[TimeUnit, str] = {"s": "a second", "min": "a minute", "h": "an hour", "d": "a day"}
MILLION = 1_000_000

_PRICE = re.compile(
    r"(?P<before>[^\W\d_]{1,8}|[^\w\s.,/+-])?\s*(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)\s*"
    r"(?P<after>[^\W\d_]{1,8}|[^\w\s.,/+-])?\s*/\s*(?P<unit>[A-Za-z]+)"
)


def parse_price(text: str) -> Price:
    """Parse a price such as `1.20/h`, `$1.20/h`, `EUR 1.20/h`, `1.20 EUR/h` or `0.0003/s`.

    Raises:
        UsageError: the text is not a price.
    """
    match = _PRICE.fullmatch(text.strip())
    shown = plain(text)
    if match is None or (match["before"] and match["after"]):
        raise UsageError(f"{shown!r} is not a price; write for example 1.20/h, $1.20/h or 0.0003/s.")
    currency = match["before"] or match["after"] or ""
    if len(currency) == 1 and not (currency.isalpha() or unicodedata.category(currency) == "Sc"):
        raise UsageError(
            f"{currency!r} in the price {shown!r} is no currency; write for example $1.20/h or EUR 1.20/h."
        )
    unit = next((unit for unit in SECONDS if unit == match["unit"]), None)
    if unit is None:
        raise UsageError(f"{match['unit']!r} in the price {shown!r} is not a unit; use one of {', '.join(SECONDS)}.")
    amount = float(match["number"])
    per_second = amount / SECONDS[unit]
    if not 0 < per_second <= LARGEST_PRICE:
        raise UsageError(f"The price {shown!r} must be more than nothing, and at most {LARGEST_PRICE:g} a second.")
    return Price(amount=amount, currency=currency, unit=unit, per_second=per_second)


def price_words(price: Price) -> str:
    """Return a price as given, such as `$1.20 an hour`, with at least two decimals."""
    number = f"{price.amount:,.2f}" if round(price.amount, 2) == price.amount else f"{price.amount:.12g}"
    return f"{_with_currency(number, price.currency)} {UNIT_WORDS[price.unit]}"


def money(amount: float, currency: str) -> str:
    """Return an amount with three significant digits and its currency, such as `$0.0614`, `0.0614 EUR` or `0.0614`."""
    return _with_currency(significant(amount), currency)


def priced(document: ReportDocument, price: Price) -> ReportDocument:
    """Return the document with the cost of a million samples with each contender at its best batch size.

    Under a latency bound, the best sizes that are proven to keep it are priced as well, before the others.
    """
    costs = [cost for answer in document.answers for cost in _costs(answer, price)]
    return msgspec.structs.replace(document, costs=Costs(price=price, by_contender=tuple(costs)))


def cost_note(document: ReportDocument) -> str:
    """Return the assumptions of the cost, in a sentence."""
    instances = [contender.instances for contender in document.contenders]
    processes = f"{max(instances)} processes" if len(set(instances)) == 1 and instances[0] > 1 else "one process"
    if len(set(instances)) > 1:
        processes = "its instances"
    return (
        f"the price is that of the whole machine, and the throughput that of {processes} with {thread_words(document)} "
        "which is never idle: several processes side by side may cost less, waiting for requests costs more"
    )


def _costs(answer: AnswerReport, price: Price) -> Iterator[Cost]:
    bound = answer.answer.bound
    for row in answer.under_bound:
        if row.best is not None and bound is not None:
            yield Cost(
                contender=row.contender,
                name=row.name,
                point=row.best.point,
                bound=bound_words(bound),
                throughput=row.best.throughput,
                per_million=_per_million(price, row.best.throughput),
            )
    for best in answer.answer.by_contender:
        figures = best.figures
        low = high = None
        if figures.spread is not None and figures.spread < 1:
            low = _per_million(price, figures.throughput * (1 + figures.spread))
            high = _per_million(price, figures.throughput * (1 - figures.spread))
        yield Cost(
            contender=best.contender,
            name=best.name,
            point=best.point,
            throughput=figures.throughput,
            per_million=_per_million(price, figures.throughput),
            low=low,
            high=high,
        )


def _per_million(price: Price, throughput: float) -> float:
    return MILLION * price.per_second / throughput


def _with_currency(number: str, currency: str) -> str:
    if not currency:
        return number
    return f"{number} {currency}" if currency.isalpha() else f"{currency}{number}"
