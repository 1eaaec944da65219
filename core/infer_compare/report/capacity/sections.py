"""The sections of an answer about capacity: the answer, contenders, latency by rate, a replay, what limits it, conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.capacity.charts import latency_charts
from infer_compare.report.capacity.phrases import (
    bound_words,
    configuration_words,
    rate_words,
    shown_prediction,
)
from infer_compare.report.capacity.sentences import answering
from infer_compare.report.capacity.tables import contenders_table, curve_grid, curves_table, replay_table
from infer_compare.report.phrases import axes_words
from infer_compare.report.price import price_words
from infer_compare.report.sections.blocks import MARKDOWN, PAGE, Facts, Headline, Paragraph, Section, Sentences
from infer_compare.report.sentences.exclusions import excluded_sentence
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, duration, listing, significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.capacity.values import Capacity, Replayed
    from infer_compare.report.capacity.schema import CapacityDocument
    from infer_compare.report.sections.blocks import Standing

QUESTION = "what load it handles"
ASSUMPTIONS = (
    "each request is one sample; requests wait in one queue, and are answered in the order in which they came",
    "a free copy takes a batch as soon as the largest batch waits, or the oldest request has waited for the delay",
    "copies on one machine are as fast beside each other as they were measured",
    "machines share the load evenly at random",
    "network, front end, and what happens before a request reaches the queue are not part of the latency",
)


def sections(document: CapacityDocument) -> list[Section]:
    """Return the sections in their order: the answer first."""
    return [
        Section(
            title=f"{document.model.name}: {QUESTION}",
            level=2,
            blocks=(Paragraph(text=_load(document), media=MARKDOWN),),
        ),
        _answer(document),
        *_contenders(document),
        *_curves(document),
        *(_replay(document, replayed) for replayed in document.capacity.replayed),
        *_limits(document),
        Section(
            title="Assumptions",
            look="card said",
            folded=True,
            blocks=(Sentences(items=ASSUMPTIONS, media=MARKDOWN | PAGE),),
        ),
        Section(title="Conditions", look="card conditions", folded=True, blocks=(Facts(rows=tuple(_facts(document))),)),
    ]


def _answer(document: CapacityDocument) -> Section:
    best = answering(document.capacity)
    standing: Standing = "none" if best is None else "shown"
    items = tuple(document.sentences)
    return Section(
        title="Answer",
        heading="capacity",
        subtitle=f"{document.model.name}, {_load(document)}",
        page_title="",
        look=f"answer card {standing}",
        blocks=(Headline(text=document.headline, standing=standing), *([Sentences(items=items)] if items else [])),
    )


def _contenders(document: CapacityDocument) -> Iterator[Section]:
    if document.capacity.contenders:
        yield Section(title="Contenders", blocks=(contenders_table(document),))


def _curves(document: CapacityDocument) -> Iterator[Section]:
    capacity = document.capacity
    charts = latency_charts(capacity)
    if charts is None:
        return
    drawn = answering(capacity) or next(contender for contender in capacity.contenders if contender.curve)
    grid = [curve_grid(capacity, drawn)] if drawn.curve else []
    yield Section(
        title="Latency by rate",
        heading="latency by rate",
        subtitle="one machine; bars: the percentile that decides",
        page_title="",
        look="",
        blocks=(*grid, curves_table(capacity), charts),
    )


def _replay(document: CapacityDocument, replayed: Replayed) -> Section:
    capacity = document.capacity
    names = {contender.contender: contender.name for contender in capacity.contenders}
    name = names.get(replayed.configuration.contender, replayed.configuration.contender)
    sent = (
        f"{name}, {configuration_words(replayed.configuration)}: {count(replayed.requests, 'request')}, {replayed.answered:,} answered, "
        f"{replayed.lost:,} lost"
    )
    late = f"latency counts from the scheduled arrival; 99 % of the requests were sent at most {duration(replayed.late_s * 1e9)} late"
    return Section(
        title="Replay",
        heading="replay",
        subtitle="real workers, requests sent whether or not answers come",
        note="Real workers; requests were sent whether or not answers came.",
        blocks=(replay_table(capacity, replayed), Sentences(items=(plain(sent), late))),
    )


def _limits(document: CapacityDocument) -> Iterator[Section]:
    items = (*document.cautions, *(plain(excluded_sentence(one)) for one in document.excluded))
    if items:
        yield Section(title="What limits this", look="card said", blocks=(Sentences(items=items),))


def _facts(document: CapacityDocument) -> Iterator[tuple[str, str]]:
    capacity = document.capacity
    yield "run", f"{document.run_id}, {document.created}"
    yield "machine", document.machine
    yield "setting", axes_words(document.axes)
    yield "arrivals", _arrivals(document)
    yield "bound", bound_words(capacity.bound) if capacity.bound is not None else ""
    yield "price", f"{price_words(document.price)} for each machine" if document.price is not None else ""
    yield "service times", _service_times(capacity)
    best = answering(capacity)
    seen = shown_prediction(capacity, best) if best is not None else None
    yield "simulated", f"{seen.requests:,} requests for the answer" if seen is not None else ""


def _service_times(capacity: Capacity) -> str:
    """Where calls were timed, and of whom."""
    ways = {"over a pipe": True, "inside the worker process": False}
    names = {way: [own.name for own in capacity.contenders if own.served == served] for way, served in ways.items()}
    return "; ".join(f"{listing(own)} {way}" for way, own in names.items() if own)


def _load(document: CapacityDocument) -> str:
    """What is asked, with the setting where the model has another free axis."""
    capacity = document.capacity
    where = f"{axes_words(document.axes)}, " if document.axes else ""
    rate = rate_words(capacity.load.rate) if capacity.load.rate is not None else "highest rate"
    return f"{where}{rate} {bound_words(capacity.bound)}" if capacity.bound is not None else f"{where}{rate}"


def _arrivals(document: CapacityDocument) -> str:
    recording, burstiness = document.recording, document.capacity.load.burstiness
    if recording is not None:
        return (
            f"as recorded: {count(recording.requests, 'request')} at {rate_words(recording.rate)}, burstiness "
            f"{significant(recording.burstiness)}"
        )
    return "at random (Poisson)" if burstiness == 1 else f"burstiness {burstiness:g}, where 1 is Poisson"
