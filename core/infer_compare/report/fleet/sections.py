"""The sections of a fleet report: answers, the best of each machine, jobs that are not done, machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import axes_words, milliseconds, size_words, spread_percent
from infer_compare.report.price import money, price_words
from infer_compare.report.sections.blocks import MARKDOWN, Cell, Facts, Headline, Paragraph, Section, Sentences, Table
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, listing, significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.report.fleet.schema import FleetDocument, JobReport, MachineBest
    from infer_compare.report.sections.blocks import AnyBlock, Row, Standing

TITLE = "Models on machines"
NAMED = 3
"""The most jobs that are named; more are counted."""


def sections(document: FleetDocument) -> list[Section]:
    """Return the sections in their order: the answer first."""
    return [*_beginning(document), *_bests(document), *_not_done(document), *_cautions(document), *_machines(document)]


def facts_line(document: FleetDocument) -> str:
    """Return one line with the number of models, machines and jobs, and the date."""
    jobs = document.jobs
    models, machines = len({job.model for job in jobs}), len({job.machine for job in jobs})
    kinds = "kind" if machines == 1 else "kinds"
    return f"{count(models, 'model')} on {machines} {kinds} of machine, {count(len(jobs), 'job')}, begun {document.created}"


def _beginning(document: FleetDocument) -> Iterator[Section]:
    yield Section(title=TITLE, level=2, blocks=(Paragraph(text=facts_line(document), media=MARKDOWN),))
    standing: Standing = "bad" if not document.is_complete else "estimate" if document.answers else "none"
    sentences = tuple(answer.headline for answer in document.answers)
    blocks: tuple[AnyBlock, ...] = (
        Headline(text=document.headline, standing=standing),
        *((Sentences(items=sentences),) if sentences else ()),
    )
    if len(sentences) == 1 and document.is_complete:
        blocks = (Headline(text=sentences[0], standing=standing), Paragraph(text=document.headline))
    yield Section(
        title="Answer",
        heading="fleet",
        subtitle=facts_line(document),
        page_title="",
        look=f"answer card {standing}",
        blocks=blocks,
    )


def _bests(document: FleetDocument) -> Iterator[Section]:
    rows = tuple(row for job in document.jobs for row in _rows(document, job))
    if not rows:
        return
    priced = any(job.price is not None for job in document.jobs)
    bounded = any(best.bound for job in document.jobs for best in job.bests)
    cost = ("per million",) if priced else ()
    table = Table(
        caption="The best of each machine",
        header=("model", "machine", "best", "batch", "samples/s", *cost, "± %", "bound ms" if bounded else "p50 ms"),
        rows=tuple((*row[:5], *(row[5:6] if priced else ()), *row[6:]) for row in rows),
        left=frozenset({0, 1, 2}),
        wrap=frozenset({0, 1, 2}),
        notes=("bold: the highest throughput, and the lowest cost, of a model",)
        if any(answer.machines > 1 for answer in document.answers)
        else (),
    )
    notes = tuple(_notes(document))
    yield Section(title="The best of each machine", blocks=(table, Sentences(items=notes)) if notes else (table,))


def _rows(document: FleetDocument, job: JobReport) -> Iterator[Row]:
    """Yield a row for each best point of a job, or one without figures."""
    for best in job.bests:
        yield _row(document, job, best)
    if not job.bests and job.page:
        place = (Cell(text=plain(job.model), file=job.page), Cell(text=plain(job.machine)))
        yield (*place, Cell(text="none measured", code=True), *(Cell(text="") for _ in range(5)))


def _row(document: FleetDocument, job: JobReport, best: MachineBest) -> Row:
    axes = f", {axes_words(best.axes)}" if best.axes else ""
    answer = next(
        (answer for answer in document.answers if (answer.model, answer.axes) == (job.model, best.axes)), None
    )
    firsts = (answer.fastest, answer.cheapest) if answer is not None and answer.machines > 1 else (None, None)
    doubts = [word for word, holds in (("estimate", best.estimate), ("partial", job.partial)) if holds]
    return (
        Cell(text=plain(f"{job.model}{axes}"), file=job.page),
        Cell(text=plain(job.machine)),
        Cell(text=plain(f"{best.name} ({', '.join(doubts)})" if doubts else best.name), code=True),
        Cell(text=size_words(best.point)),
        _figure(significant(best.throughput), first=firsts[0] == job.job),
        _figure(
            "" if best.per_million is None or job.price is None else money(best.per_million, job.price.currency),
            first=firsts[1] == job.job,
        ),
        Cell(text="" if best.spread is None else spread_percent(best.spread)),
        Cell(text="" if best.latency_ns is None else milliseconds(best.latency_ns)),
    )


def _figure(text: str, *, first: bool) -> Cell:
    return Cell(text=text, kind="strong" if first else "")


def _notes(document: FleetDocument) -> Iterator[str]:
    yield from document.notes
    if any(job.partial for job in document.jobs):
        yield "partial: the run did not come to its end; its figures are from what arrived, and are not compared"


def _not_done(document: FleetDocument) -> Iterator[Section]:
    jobs = [job for job in document.jobs if job.state != "done"]
    if not jobs:
        return
    table = Table(
        caption="Jobs that are not done",
        header=("job", "state", "attempts", "why"),
        rows=tuple(
            (
                Cell(text=job.job, file=job.page),
                Cell(text=job.state, kind="doubt"),
                Cell(text=str(job.attempts)),
                Cell(text=plain(job.why or ("it has begun and not ended" if job.attempts else "it has not run"))),
            )
            for job in jobs
        ),
        left=frozenset({0, 1, 3}),
        wrap=frozenset({0, 3}),
    )
    yield Section(title="Jobs that are not done", blocks=(table,))


def _cautions(document: FleetDocument) -> Iterator[Section]:
    jobs_of: dict[str, list[str]] = {}
    for job in document.jobs:
        for caution in job.cautions:
            jobs_of.setdefault(caution, []).append(job.job)
    if jobs_of:
        items = tuple(plain(f"{caution} ({_some(jobs)})") for caution, jobs in jobs_of.items())
        yield Section(title="Cautions", blocks=(Sentences(items=items, tone="warning"),))


def _some(jobs: list[str]) -> str:
    return listing(jobs) if len(jobs) <= NAMED else count(len(jobs), "job")


def _machines(document: FleetDocument) -> Iterator[Section]:
    kinds: dict[str, list[JobReport]] = {}
    for job in document.jobs:
        kinds.setdefault(job.machine, []).append(job)
    rows = tuple(
        (
            plain(kind),
            plain(
                "; ".join(
                    filter(
                        None,
                        (
                            ", ".join(dict.fromkeys(job.cpu for job in jobs if job.cpu)),
                            ", ".join(dict.fromkeys(job.host for job in jobs if job.host)),
                            f"{price_words(jobs[0].price)}" if jobs[0].price is not None else "",
                        ),
                    )
                )
            )
            or "nothing ran there",
        )
        for kind, jobs in kinds.items()
    )
    yield Section(title="Machines", look="card conditions", folded=True, blocks=(Facts(rows=rows),))
