"""The sections over the runs of a fleet: answers, the best of each machine, jobs that are not done, machines."""

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
    from infer_compare.report.sections.blocks import Row

TITLE = "Models on machines"


def sections(document: FleetDocument) -> list[Section]:
    """Return the sections in their order: the answer first."""
    return [*_beginning(document), *_bests(document), *_not_done(document), *_cautions(document), *_machines(document)]


def facts_line(document: FleetDocument) -> str:
    """What tells this fleet from others."""
    jobs = document.jobs
    models, machines = len({job.model for job in jobs}), len({job.machine for job in jobs})
    kinds = "kind" if machines == 1 else "kinds"
    return f"{count(models, 'model')} on {machines} {kinds} of machine, {count(len(jobs), 'job')}, begun {document.created}"


def _beginning(document: FleetDocument) -> Iterator[Section]:
    yield Section(title=TITLE, level=2, blocks=(Paragraph(text=facts_line(document), media=MARKDOWN),))
    standing = "estimate" if document.answers else "none"
    sentences = [answer.headline for answer in document.answers]
    blocks = [Headline(text=document.headline, standing=standing if document.is_complete else "bad")]  # type: ignore[arg-type]
    yield Section(
        title="Answer",
        heading="fleet",
        subtitle=facts_line(document),
        page_title="",
        look=f"answer card {standing if document.is_complete else 'bad'}",
        blocks=(*blocks, *((Sentences(items=tuple(sentences)),) if sentences else ())),
    )


def _bests(document: FleetDocument) -> Iterator[Section]:
    rows = tuple(_row(document, job, best) for job in document.jobs for best in job.bests)
    if not rows:
        return
    priced = any(job.price is not None for job in document.jobs)
    bounded = any(best.bound for job in document.jobs for best in job.bests)
    header = ("model", "machine", "best", "batch", "samples/s", "± %", "bound ms" if bounded else "p50 ms")
    table = Table(
        caption="The best of each machine",
        header=(*header, *(("price", "per million") if priced else ()), "run"),
        rows=tuple((*row[:7], *(row[7:9] if priced else ()), row[9]) for row in rows),
        left=frozenset({0, 1, 2, 9 if priced else 7}),
        wrap=frozenset({0, 1, 2}),
        notes=tuple(_marks(document)),
    )
    yield Section(
        title="The best of each machine",
        blocks=(table, Sentences(items=document.notes)) if document.notes else (table,),
    )


def _row(document: FleetDocument, job: JobReport, best: MachineBest) -> Row:
    axes = f", {axes_words(best.axes)}" if best.axes else ""
    answer = next((one for one in document.answers if (one.model, one.axes) == (job.model, best.axes)), None)
    several = sum(one.model == job.model and bool(one.bests) for one in document.jobs) > 1
    fastest = several and answer is not None and answer.fastest == job.job
    cheapest = several and answer is not None and answer.cheapest == job.job
    name = f"{best.name} (estimate)" if best.estimate else best.name
    currency = job.price.currency if job.price is not None else ""
    return (
        Cell(text=plain(f"{job.model}{axes}")),
        Cell(text=plain(job.machine)),
        Cell(text=plain(f"{name} (partial)" if job.partial else name), code=True),
        Cell(text=size_words(best.point)),
        Cell(text=significant(best.throughput), kind="strong" if fastest else ""),
        Cell(text="" if best.spread is None else spread_percent(best.spread)),
        Cell(text="" if best.latency_ns is None else milliseconds(best.latency_ns)),
        Cell(text="" if job.price is None else price_words(job.price)),
        Cell(
            text="" if best.per_million is None else money(best.per_million, currency),
            kind="strong" if cheapest else "",
        ),
        Cell(text="run" if job.page else job.job, file=job.page),
    )


def _marks(document: FleetDocument) -> Iterator[str]:
    if any(job.partial for job in document.jobs):
        yield "partial: the run did not come to its end; the figures are from what arrived, and are not compared"


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
                Cell(text=plain(job.why or "it has not run")),
            )
            for job in jobs
        ),
        left=frozenset({0, 1, 3}),
        wrap=frozenset({0, 3}),
    )
    yield Section(title="Jobs that are not done", blocks=(table,))


def _cautions(document: FleetDocument) -> Iterator[Section]:
    items = [plain(f"{job.job}: {listing(job.cautions)}") for job in document.jobs if job.cautions]
    if items:
        yield Section(title="Cautions", blocks=(Sentences(items=tuple(items), tone="warning"),))


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
