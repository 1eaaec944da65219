"""One row for each contender and rate, for spreadsheets and data frames."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from infer_compare.report.capacity.phrases import asks_for_a_rate, percentiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.capacity.values import Configuration, ContenderCapacity, Prediction, Replayed
    from infer_compare.report.capacity.schema import CapacityDocument
    from infer_compare.report.metrics import Value

    Row = dict[str, Value]


def columns(documents: Sequence[CapacityDocument]) -> list[str]:
    """Return the header; a percentile that a bound is about has columns beside those of the usual ones."""
    return list(dict.fromkeys(name for document in documents for name in _empty(document)))


def rows(document: CapacityDocument) -> Iterator[Row]:
    """Yield the rows of each contender by `kind`: at the `highest` rate, at the rate that was `asked`, along its `curve`, and as
    it was `replayed`; `none` where nothing is predicted.
    """
    for contender in document.capacity.contenders:
        own = {**_empty(document), **_contender(contender), "backend": document.backends.get(contender.contender)}
        configuration = contender.configuration
        answering = {**own, "machines": contender.machines, "cost_per_million": contender.cost_per_million}
        known: list[Row] = []
        if asks_for_a_rate(document.capacity):
            if contender.at_rate is not None:
                known.append(
                    {**answering, "kind": "asked", **_batching(configuration), **_predicted(contender.at_rate)}
                )
            answering = own
        if contender.highest is not None:
            known.append(
                {
                    **answering,
                    "kind": "highest",
                    **_batching(contender.highest_configuration),
                    **_predicted(contender.highest),
                }
            )
        known += [{**own, "kind": "curve", **_batching(configuration), **_predicted(seen)} for seen in contender.curve]
        yield from known or [{**own, "kind": "none"}]
        for replayed in document.capacity.replayed:
            if replayed.configuration.contender == contender.contender:
                yield {
                    **own,
                    "kind": "replayed",
                    **_batching(replayed.configuration),
                    **_predicted(replayed.predicted),
                    **_measured(replayed),
                }


def _empty(document: CapacityDocument) -> Row:
    capacity, bound = document.capacity, document.capacity.bound
    row: Row = {
        "run": document.run_id,
        "created": document.created,
        "machine": document.machine,
        "model": document.model.name,
        "contender": None,
        "backend": None,
        "axes": ";".join(f"{name}={size}" for name, size in document.axes),
        "latency_bound_ms": bound.latency_s * 1e3 if bound is not None else None,
        "percentile": bound.percentile if bound is not None else None,
        "burstiness": document.recording.burstiness if document.recording is not None else capacity.load.burstiness,
        "kind": None,
        "rate": None,
        "kept": None,
        "state": None,
        "max_batch": None,
        "max_delay_ms": None,
        "copies": None,
        "machines": None,
        "cost_per_million": None,
        "currency": document.price.currency if document.price is not None else None,
        "saturation": None,
        "saturation_share": None,
        "utilisation": None,
        "queue_share": None,
        "mean_batch": None,
        "latency_mean_ms": None,
    }
    for key in percentiles_of(capacity):
        row |= dict.fromkeys(f"latency_p{key}_{end}" for end in ("ms", "low_ms", "high_ms"))
    row |= dict.fromkeys(f"measured_p{key}_ms" for key in percentiles_of(capacity))
    return row | dict.fromkeys(
        (
            "measured_rate",
            "measured_batch",
            "pace_shortest",
            "pace_longest",
            "pace_uncertainty",
            "requests",
            "lost",
            "over_pipe",
            "why_not",
        )
    )


def _contender(contender: ContenderCapacity) -> Row:
    return {
        "contender": contender.name,
        "state": contender.state,
        "saturation": contender.saturation,
        "over_pipe": contender.served,
        "why_not": contender.why_not or None,
    }


def _batching(configuration: Configuration | None) -> Row:
    if configuration is None:
        return {}
    return {
        "max_batch": configuration.batching.max_batch,
        "max_delay_ms": configuration.batching.max_delay_s * 1e3,
        "copies": configuration.copies,
    }


def _predicted(seen: Prediction) -> Row:
    row: Row = {
        "rate": seen.rate,
        "kept": seen.kept,
        "saturation_share": seen.saturation_share,
        "utilisation": seen.utilisation,
        "queue_share": seen.queue_share,
        "mean_batch": seen.mean_batch,
        "latency_mean_ms": seen.mean_s * 1e3,
    }
    for key, estimate in seen.percentiles_s.items():
        ends = {"ms": estimate.value, "low_ms": estimate.low, "high_ms": estimate.high}
        row |= {f"latency_p{key}_{end}": value * 1e3 for end, value in ends.items()}
    return row


def _measured(replayed: Replayed) -> Row:
    shortest, longest = replayed.pace.extremes
    return {
        **{f"measured_p{key}_ms": value * 1e3 for key, value in replayed.percentiles_s.items()},
        "measured_rate": replayed.throughput,
        "measured_batch": replayed.mean_batch,
        "pace_shortest": shortest,
        "pace_longest": longest,
        "pace_uncertainty": replayed.pace.uncertainty if isfinite(replayed.pace.uncertainty) else None,
        "requests": replayed.requests,
        "lost": replayed.lost,
    }
