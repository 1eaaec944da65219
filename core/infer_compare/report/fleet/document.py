"""Makes the fleet document from jobs and the report documents of their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.fleet.schema import FleetDocument, JobFacts, JobOutcome, JobReport, MachineBest, ModelAnswer
from infer_compare.report.phrases import axes_words
from infer_compare.report.price import MILLION, money, parse_price
from infer_compare.report.sentences.answers import bound_words
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, listing, rate, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.report.schema import AnswerReport, Price, ReportDocument

UNPAIRED = (
    "contenders on one machine were measured side by side, machines were not: differences between machines are not paired, "
    "and have no verdict and no interval"
)
COST = (
    "costs are those of a machine that is never idle and runs this model alone: the price of the whole machine over the "
    "throughput of the best contender"
)

_ENDS: dict[JobOutcome, str] = {
    "waiting": "has not run to its end",
    "done": "is done",
    "incomplete": "is incomplete",
    "failed": "failed",
    "lost": "was lost",
    "refused": "was refused",
    "stopped": "was stopped",
}


def document(
    jobs: Sequence[JobFacts],
    runs: Mapping[str, ReportDocument],
    prices: Mapping[str, str],
    *,
    created: str,
    launcher: str,
) -> FleetDocument:
    """Return the document of a fleet.

    Args:
        jobs: the jobs, in order.
        runs: the report documents of the existing runs, by job.
        prices: the prices of machines as written, by job.
        created: when the fleet began, UTC, ISO 8601.
        launcher: the name of the launcher.

    Raises:
        UsageError: a price cannot be parsed.
    """
    reports = tuple(_job(job, runs.get(job.job), prices.get(job.job)) for job in jobs)
    notes = [UNPAIRED] if len({job.machine for job in reports if job.bests}) > 1 else []
    if any(job.price is not None and job.bests for job in reports):
        notes.append(COST)
    return FleetDocument(
        created=created,
        launcher=launcher,
        headline=_headline(reports),
        is_complete=all(job.state == "done" for job in reports),
        answers=tuple(_answers(reports)),
        jobs=reports,
        notes=tuple(notes),
    )


def _job(job: JobFacts, run: ReportDocument | None, written: str | None) -> JobReport:
    price = parse_price(written) if written is not None else None
    bests = () if run is None else tuple(best for answer in run.answers if (best := _best(job.job, answer, price)))
    return JobReport(
        **msgspec.structs.asdict(job),
        price=price,
        bests=bests,
        partial=bool(bests) and job.state not in {"done", "incomplete"},
    )


def _best(job: str, answer: AnswerReport, price: Price | None) -> MachineBest | None:
    """Return the best point of a run, under its latency bound if it has one."""
    bound, free = answer.answer.bound, answer.answer.recommended
    if bound is not None:
        if bound.best is None:
            return None
        best = bound.best
        contender, name, point, throughput = best.contender, best.name, best.point, best.throughput
        spread, latency = None, best.latency_ns
    elif free is not None:
        contender, name, point, throughput = free.contender, free.name, free.point, free.figures.throughput
        spread, latency = free.figures.spread, free.figures.latency_p50_ns
    else:
        return None
    return MachineBest(
        job=job,
        axes=answer.answer.axes,
        contender=contender,
        name=name,
        point=point,
        bound=bound_words(bound) if bound is not None else "",
        estimate=answer.estimate,
        throughput=throughput,
        spread=spread,
        latency_ns=latency,
        per_million=MILLION * price.per_second / throughput if price is not None else None,
    )


def _headline(jobs: Sequence[JobReport]) -> str:
    """Return how many jobs ended in which state, as a sentence."""
    states = [job.state for job in jobs]
    if len(jobs) == 1:
        return f"The job {_ENDS[states[0]]}."
    done = states.count("done")
    if done == len(jobs):
        return f"All {len(jobs):,} jobs are done."
    others = [f"{states.count(state)} {state}" for state in dict.fromkeys(states) if state != "done"]
    return f"{done} of {count(len(jobs), 'job')} {'is' if done == 1 else 'are'} done; {listing(others)}."


def _answers(jobs: Sequence[JobReport]) -> Iterator[ModelAnswer]:
    """Yield an answer for each model and setting with a complete run."""
    known = {job.job: job for job in jobs}
    groups: dict[tuple[str, tuple[tuple[str, int], ...]], list[MachineBest]] = {}
    for job in jobs:
        for best in job.bests:
            if not job.partial:
                groups.setdefault((job.model, best.axes), []).append(best)
    for (model, axes), bests in groups.items():
        fastest = max(bests, key=lambda best: best.throughput)
        cheapest = _cheapest(bests, known)
        where = f"{model}, {axes_words(axes)}" if axes else model
        yield ModelAnswer(
            model=model,
            axes=axes,
            headline=plain(f"{where}: {_words(fastest, cheapest, bests, known)}."),
            machines=len(bests),
            fastest=fastest.job,
            cheapest=cheapest.job if cheapest is not None else None,
        )


def _cheapest(bests: Sequence[MachineBest], jobs: Mapping[str, JobReport]) -> MachineBest | None:
    """Return the best with the lowest cost; None unless all prices are in one currency."""
    priced = [best for best in bests if best.per_million is not None]
    if len({_currency(jobs[best.job]) for best in priced}) != 1:
        return None
    return min(priced, key=lambda best: best.per_million or 0.0)


def _words(
    fastest: MachineBest, cheapest: MachineBest | None, bests: Sequence[MachineBest], jobs: Mapping[str, JobReport]
) -> str:
    place = _place(fastest, jobs)
    if len(bests) == 1:
        cost = f", {_cost(fastest, jobs)}" if cheapest is not None else ""
        return f"{place}, {rate(fastest.throughput)}{cost}"
    second = sorted(best.throughput for best in bests)[-2]
    lead = f"highest throughput with {place}, {rate(fastest.throughput)} ({ratio(fastest.throughput / second)}x the next machine)"
    if cheapest is None:
        return lead
    priced = sum(best.per_million is not None for best in bests)
    if priced == 1:
        return f"{lead}; {_cost(cheapest, jobs)} on {jobs[cheapest.job].machine}, the only one with a price"
    among = f" of the {priced} with a price" if priced < len(bests) else ""
    if cheapest is fastest:
        return f"{lead}; also cheapest{among}, {_cost(cheapest, jobs)}"
    return f"{lead}; cheapest{among} with {_place(cheapest, jobs)}, {_cost(cheapest, jobs)}"


def _place(best: MachineBest, jobs: Mapping[str, JobReport]) -> str:
    sure = "probably " if best.estimate else ""
    bound = f", {best.bound}" if best.bound else ""
    return f"{sure}{best.name} at {best.point} on {jobs[best.job].machine}{bound}"


def _cost(best: MachineBest, jobs: Mapping[str, JobReport]) -> str:
    return f"{money(best.per_million or 0.0, _currency(jobs[best.job]))} a million samples"


def _currency(job: JobReport) -> str:
    return job.price.currency if job.price is not None else ""
