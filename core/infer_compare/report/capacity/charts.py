"""Latency against rate, a chart for each percentile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from infer_compare.report.capacity.phrases import (
    bound_words,
    deciding_percentile,
    percentiles_of,
    rate_words,
)
from infer_compare.report.capacity.tables import curves_table
from infer_compare.report.charts.curves import WIDE
from infer_compare.report.charts.data import Mark, RateChart, RateSeries
from infer_compare.report.sections.blocks import PAGE, Chart, Charts
from infer_compare.stats.wording import percent, significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.capacity.values import Capacity, ContenderCapacity, Prediction

LEAD = (
    "Milliseconds from arrival to answer, over requests a second on one machine. The band is where it may lie; the dotted line at "
    "the right of each curve is saturation, from which the queue only grows."
)


def latency_charts(capacity: Capacity) -> Charts | None:
    """Return the charts: first that of the percentile that the bound is about; None where there is no curve."""
    if not any(contender.curve for contender in capacity.contenders):
        return None
    deciding = deciding_percentile(capacity)
    keys = [deciding, *(key for key in percentiles_of(capacity) if key != deciding)]
    charts = tuple(
        Chart(
            id=f"capacity-p{key.replace('.', '-')}",
            title=f"p{key} latency against rate",
            lead=LEAD,
            table=curves_table(capacity, key),
            data=rate_chart(capacity, key),
        )
        for key in keys
    )
    return Charts(charts=charts, media=PAGE)


def rate_chart(capacity: Capacity, key: str) -> RateChart:
    """Return the latency at one percentile over the rates of every contender, with the bound where it is about this one."""
    series = [_series(contender, key) for contender in capacity.contenders if contender.curve]
    rates = [x for one in series for x in (*one.x, one.saturation)]
    line: Mark | UnsetType = UNSET
    if capacity.bound is not None and key == deciding_percentile(capacity):
        line = Mark(at=capacity.bound.latency_s * 1e3, text=bound_words(capacity.bound))
    asked: Mark | UnsetType = UNSET
    if capacity.load.rate is not None and capacity.load.rate <= max(rates):
        asked = Mark(at=capacity.load.rate, text=f"asked: {rate_words(capacity.load.rate)}")
    return RateChart(y=f"p{key} latency, ms", log=max(rates) > WIDE * min(rates), series=series, line=line, asked=asked)


def _series(contender: ContenderCapacity, key: str) -> RateSeries:
    one = RateSeries(c=contender.contender, saturation=contender.saturation)
    for seen in contender.curve:
        estimate = seen.percentiles_s.get(key)
        if estimate is None:
            continue
        one.x.append(seen.rate)
        one.y.append(estimate.value * 1e3)
        one.low.append(estimate.low * 1e3)
        one.high.append(estimate.high * 1e3)
        one.kept.append(seen.kept is not False)
        one.text.append("; ".join(_said(seen, key)))
    return one


def _said(seen: Prediction, key: str) -> Iterator[str]:
    estimate = seen.percentiles_s[key]
    yield (
        f"{rate_words(seen.rate)}: p{key} {significant(estimate.value * 1e3)} ms "
        f"[{significant(estimate.low * 1e3)}, {significant(estimate.high * 1e3)}]"
    )
    yield f"{percent(seen.saturation_share)} of saturation, {significant(seen.mean_batch, 2)} requests a batch"
    if seen.kept is not None:
        yield "keeps the bound" if seen.kept else "does not keep the bound"
