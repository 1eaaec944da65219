"""One row for each contender and rate, for spreadsheets and data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.capacity.phrases import asks_for_a_rate, percentiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.capacity.values import Configuration, ContenderCapacity, Prediction, Replayed
    from infer_compare.report.capacity.schema import CapacityDocument
    from infer_compare.report.metrics import Value

    Row = dict[str, Value]


def columns(documents: Sequence[CapacityDocument]) -> list[str]:
    """Return the header: units are in the names, and a percentile that a bound is about has columns beside the usual ones."""
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
        "run_id": document.run_id,
        "created": document.created,
        "machine": document.machine,
        "model": document.model.name,
        "axes": ", ".join(f"{name}={size}" for name, size in document.axes),
        "bound_s": bound.latency_s if bound is not None else None,
        "percentile": bound.percentile if bound is not None else None,
        "burstiness": document.recording.burstiness if document.recording is not None else capacity.load.burstiness,
        "contender": None,
        "backend": None,
        "kind": None,
        "rate_per_s": None,
        "state": None,
        "kept": None,
        "max_batch": None,
        "max_delay_s": None,
        "copies": None,
        "machines": None,
        "cost_per_million": None,
        "currency": document.price.currency if document.price is not None else None,
        "saturation_per_s": None,
        "saturation_share": None,
        "utilisation": None,
        "queue_share": None,
        "mean_batch": None,
        "mean_s": None,
    }
    for key in percentiles_of(capacity):
        row |= dict.fromkeys((f"p{key}_s", f"p{key}_low_s", f"p{key}_high_s", f"measured_p{key}_s"))
    return row | dict.fromkeys(("measured_per_s", "measured_batch", "requests", "lost", "over_pipe", "why_not"))


def _contender(contender: ContenderCapacity) -> Row:
    return {
        "contender": contender.name,
        "state": contender.state,
        "saturation_per_s": contender.saturation,
        "over_pipe": contender.served,
        "why_not": contender.why_not or None,
    }


def _batching(configuration: Configuration | None) -> Row:
    if configuration is None:
        return {}
    return {
        "max_batch": configuration.batching.max_batch,
        "max_delay_s": configuration.batching.max_delay_s,
        "copies": configuration.copies,
    }


def _predicted(seen: Prediction) -> Row:
    row: Row = {
        "rate_per_s": seen.rate,
        "kept": seen.kept,
        "saturation_share": seen.saturation_share,
        "utilisation": seen.utilisation,
        "queue_share": seen.queue_share,
        "mean_batch": seen.mean_batch,
        "mean_s": seen.mean_s,
    }
    for key, estimate in seen.percentiles_s.items():
        row |= {f"p{key}_s": estimate.value, f"p{key}_low_s": estimate.low, f"p{key}_high_s": estimate.high}
    return row


def _measured(replayed: Replayed) -> Row:
    return {
        **{f"measured_p{key}_s": value for key, value in replayed.percentiles_s.items()},
        "measured_per_s": replayed.throughput,
        "measured_batch": replayed.mean_batch,
        "requests": replayed.requests,
        "lost": replayed.lost,
    }
