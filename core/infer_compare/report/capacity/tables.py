"""The tables of an answer about capacity: contenders, latency by rate, and a replay beside its prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.report.capacity.phrases import (
    asks_for_a_rate,
    deciding_percentile,
    percentiles_of,
    range_words,
    shown_prediction,
)
from infer_compare.report.price import money
from infer_compare.report.sections.blocks import EVERYWHERE, MARKDOWN, TERMINAL, Cell, Grid, Table
from infer_compare.report.terminal.bars import Scale
from infer_compare.stats.wording import percent, ratio, significant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infer_compare.capacity.values import Capacity, ContenderCapacity, Prediction, Replayed
    from infer_compare.report.capacity.schema import CapacityDocument
    from infer_compare.report.sections.blocks import Row

KEPT = {True: "kept", False: "not kept", None: "cannot tell"}
"""Whether a bound is kept, in a cell."""


class Column(NamedTuple):
    """A column of the table of contenders."""

    title: str
    words: Callable[[ContenderCapacity], str]
    hint: Callable[[ContenderCapacity], str] = lambda _: ""


def contenders_table(document: CapacityDocument) -> Table:
    """Return a row for each contender: what it handles, and how it is configured for that."""
    columns = list(_columns(document))
    return Table(
        caption="Contenders",
        header=("contender", *(column.title for column in columns)),
        rows=tuple(
            (
                Cell(text=contender.name, contender=contender.contender),
                *(Cell(text=column.words(contender), hint=column.hint(contender)) for column in columns),
            )
            for contender in document.capacity.contenders
        ),
    )


def curve_grid(capacity: Capacity, contender: ContenderCapacity) -> Grid:
    """Return the latency of one contender over its rates, with bars of the percentile that decides, for a terminal."""
    keys, deciding = percentiles_of(capacity), deciding_percentile(capacity)
    header = (*(f"p{key} ms" for key in keys), "", *(["bound"] if capacity.bound is not None else []))
    rows = []
    for seen in contender.curve:
        kept = [Cell(text=KEPT[seen.kept], kind="" if seen.kept else "doubt")] if capacity.bound is not None else []
        latencies = (Cell(text=_latency(seen, key)) for key in keys)
        rows.append((*latencies, Cell(text="", bar=_deciding(seen, deciding)), *kept))
    return Grid(
        stub="requests/s",
        header=header,
        rows=tuple(significant(seen.rate) for seen in contender.curve),
        tables=((Cell(text=contender.name, contender=contender.contender), tuple(rows)),),
        left=frozenset(range(len(keys), len(header))),
        scale=Scale.over(_deciding(seen, deciding) for seen in contender.curve),
        abreast=False,
        media=TERMINAL,
    )


def curves_table(capacity: Capacity, key: str | None = None) -> Table:
    """Return a row for each contender and rate, for Markdown or behind a chart.

    Args:
        capacity: the answer.
        key: of one percentile, which is shown with its range; all are shown without ranges when None.
    """
    keys = percentiles_of(capacity) if key is None else [key]
    latencies = [f"p{own} ms" for own in keys] + ([] if key is None else ["range"])
    bound = ["bound"] if capacity.bound is not None else []
    rows: list[Row] = []
    for contender in capacity.contenders:
        for seen in contender.curve:
            texts = [significant(seen.rate), percent(seen.saturation_share), *(_latency(seen, own) for own in keys)]
            if key is not None and (estimate := seen.percentiles_s.get(key)) is not None:
                texts.append(f"{significant(estimate.low * 1e3)} to {significant(estimate.high * 1e3)}")
            if bound:
                texts.append(KEPT[seen.kept])
            name = Cell(text=contender.name, contender=contender.contender)
            rows.append((name, *(Cell(text=text) for text in texts)))
    return Table(
        caption="Latency by rate",
        header=("contender", "requests/s", "of saturation", *latencies, *bound),
        rows=tuple(rows),
        media=MARKDOWN if key is None else EVERYWHERE,
    )


def replay_table(capacity: Capacity, replayed: Replayed) -> Table:
    """Return what was predicted for the requests that were sent, beside what they saw."""
    clean, kind = replayed.clean_percentiles_s, "" if replayed.pace.steady else "doubt"
    rows = []
    for key in percentiles_of(capacity):
        predicted, measured = replayed.predicted.percentiles_s.get(key), replayed.percentiles_s.get(key)
        if predicted is None or measured is None:
            continue
        calm = [] if clean is None else [_cell_ms(clean.get(key))]
        rows.append(_compared(f"p{key} ms", predicted.value * 1e3, measured * 1e3, range_words(predicted), kind, *calm))
    blank = [] if clean is None else [""]
    rows.append(_compared("requests/s", replayed.predicted.rate, replayed.throughput, None, kind, *blank))
    rows.append(_compared("requests a batch", replayed.predicted.mean_batch, replayed.mean_batch, None, kind, *blank))
    undisturbed = [] if clean is None else ["undisturbed"]
    return Table(
        caption="Predicted and measured",
        header=("figure", "predicted", "measured", "difference", *undisturbed),
        rows=tuple(rows),
    )


def _columns(document: CapacityDocument) -> Iterator[Column]:
    """Columns in the order of their weight: a narrow terminal leaves out the last."""
    capacity = document.capacity
    keys, deciding = percentiles_of(capacity), deciding_percentile(capacity)
    cost = Column("per million", lambda one: _cost(one, document))
    rate = Column("requests/s", lambda one: significant(one.highest.rate) if one.highest is not None else "none")
    asked = asks_for_a_rate(capacity)
    if asked:
        yield Column("machines", lambda one: f"{one.machines:,}" if one.machines is not None else "none")
    else:
        yield rate
    if document.price is not None:
        yield cost
    yield _latency_column(capacity, deciding)
    yield Column("batch", _of_configuration(lambda one: str(one.batching.max_batch)))
    yield Column("delay ms", _of_configuration(lambda one: f"{one.batching.max_delay_s * 1e3:.3g}"))
    yield Column("copies", _of_configuration(lambda one: str(one.copies)))
    yield Column("of saturation", _of_prediction(capacity, lambda seen: percent(seen.saturation_share)))
    yield Column("saturation /s", lambda one: significant(one.saturation))
    yield from (_latency_column(capacity, key) for key in keys if key != deciding)
    if asked:
        yield rate._replace(title="highest /s")
    yield Column("busy", _of_prediction(capacity, lambda seen: percent(seen.utilisation)))


def _latency_column(capacity: Capacity, key: str) -> Column:
    def interval(seen: Prediction) -> str:
        estimate = seen.percentiles_s.get(key)
        if estimate is None:
            return ""
        return f"may lie from {significant(estimate.low * 1e3)} to {significant(estimate.high * 1e3)} ms"

    return Column(
        f"p{key} ms",
        _of_prediction(capacity, lambda seen: _latency(seen, key)),
        _of_prediction(capacity, interval),
    )


def _of_prediction(capacity: Capacity, words: Callable[[Prediction], str]) -> Callable[[ContenderCapacity], str]:
    def of(contender: ContenderCapacity) -> str:
        seen = shown_prediction(capacity, contender)
        return words(seen) if seen is not None else ""

    return of


def _of_configuration(words: Callable[..., str]) -> Callable[[ContenderCapacity], str]:
    return lambda contender: words(contender.configuration) if contender.configuration is not None else ""


def _cost(contender: ContenderCapacity, document: CapacityDocument) -> str:
    if contender.cost_per_million is None or document.price is None:
        return ""
    return money(contender.cost_per_million, document.price.currency)


def _latency(seen: Prediction, key: str) -> str:
    estimate = seen.percentiles_s.get(key)
    return range_words(estimate) if estimate is not None else ""


def _deciding(seen: Prediction, key: str) -> float:
    estimate = seen.percentiles_s.get(key)
    return estimate.value if estimate is not None else 0.0


def _cell_ms(seconds: float | None) -> str:
    return significant(seconds * 1e3) if seconds is not None else ""


def _compared(figure: str, predicted: float, measured: float, words: str | None, kind: str, *more: str) -> Row:
    return (
        Cell(text=figure),
        Cell(text=words or significant(predicted)),
        Cell(text=significant(measured)),
        Cell(text=_difference(predicted, measured), kind=kind),
        *(Cell(text=text) for text in more),
    )


def _difference(predicted: float, measured: float) -> str:
    """In percent, or as a factor where that is easier to grasp."""
    if predicted <= 0:
        return ""
    if measured >= 2 * predicted:
        return f"{ratio(measured / predicted)}x"
    share = round(100 * (measured / predicted - 1))
    return f"{share:+d} %" if share else "0 %"
