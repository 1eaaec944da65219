"""Cautions about the outputs of a run, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.results import Note
from infer_compare.results.servers import server_of
from infer_compare.stats.wording import listing
from infer_compare.verdicts import deviations
from infer_compare.verdicts.setups import lowered, setup_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infer_compare.results import Agreement, Run


def cautions(run: Run) -> tuple[str, ...]:
    """Return the cautions about the answer: work done by servers, outputs that deviate or could not be compared, and models that
    compute different results at different batch sizes.
    """
    return (*_elsewhere(run), *_other_precision(run), *deviating(run), *_not_compared(run), *coupled(run))


def _elsewhere(run: Run) -> Iterator[str]:
    """Yield a sentence on each contender whose work a server does, about which less is known."""
    for label in run.labels:
        server = server_of(run, label)
        if server is None or run.start(label) is None:
            continue
        where = f" {server.address}" if server.address else ""
        yield (
            f"{label} is computed by the server{where}: threads, memory and versions shown of it are the client's, and the "
            "server's own are not known"
        )
        if server.local:
            yield (
                f"the server of {label} runs on this machine, on the same cores as everything else: its work is not told from "
                "that of other programs, so no slice of it is rejected for them"
            )


def _other_precision(run: Run) -> Iterator[str]:
    """Yield a sentence for each contender whose precision is not the requested one, or that chose a lower precision than the
    model's or the others' by itself.
    """
    model = run.header.model.precision
    than = "the precision of others" if model is None else f"the model's {model}"
    labels = [label for label in run.labels if run.differs(label) is None]
    chosen = lowered(run, labels)
    for label in labels:
        setup = setup_of(run, label)
        asked, used = setup.asked_precision, setup.precision
        if used is None:
            continue
        if asked is not None and used != asked:
            yield f"{label} was asked to compute in {asked}, and computes in {used}"
        elif label in chosen:
            yield f"{label} chose {used} by itself, which is lower than {than}; ask for one with precision="


def rows_notes(run: Run) -> Iterator[Note]:
    """Yield notes about the rows of batches that do not affect the answer."""
    within = [agreement for agreement in run.agreements if agreement.rows_within_precision]
    if within:
        yield Note(
            topic="rows",
            text=f"rows of a batch influence each other in this model, by no more than its eight-bit arithmetic "
            f"explains, at {_where(within)}; a scale that is computed over the whole batch does that",
        )
    for label in run.labels:
        batches = [agreement for agreement in _ranked(run, label) if agreement.point.batch > 1]
        if batches and all(agreement.row_consistent is None and agreement.outputs for agreement in batches):
            yield Note(
                topic="rows",
                text=f"it could not be checked on {label} whether a row of a batch comes out as it does alone: "
                "single rows did not run, or their outputs have another form",
            )


def deviating(run: Run) -> Iterator[str]:
    """Yield a sentence on each contender that differs beyond the tolerance but is ranked."""
    for label, error in deviations(run).items():
        yield (
            f"outputs of {run.name(label)} differ beyond the tolerance (output error {error.relative:.2g}), "
            "which --allow-error allows"
        )


def _not_compared(run: Run) -> Iterator[str]:
    if len(run.labels) < 2:
        return
    for label in run.labels:
        open_ = [agreement for agreement in _ranked(run, label) if agreement.verdict == "inconclusive"]
        if open_:
            yield (
                f"it was not shown that {label} computes the same as the others, at {_where(open_)}: {open_[0].reason}"
            )


def coupled(run: Run) -> Iterator[str]:
    """Yield a sentence if rows of a batch influence each other by more than eight-bit arithmetic explains."""
    beyond = [
        agreement
        for label in run.labels
        for agreement in _ranked(run, label)
        if agreement.row_consistent is False and agreement.rows_within_precision is False
    ]
    if beyond:
        labels = list(dict.fromkeys(agreement.contender for agreement in beyond))
        yield (
            f"rows of a batch depend on each other, on {listing(labels)} at {_where(beyond)}: this model computes "
            "different things at different batch sizes"
        )


def _ranked(run: Run, label: str) -> Sequence[Agreement]:
    """Return the comparisons of a contender; none if it is excluded for differing."""
    if run.differs(label) is not None:
        return ()
    return [agreement for agreement in run.agreements if agreement.contender == label]


def _where(agreements: Iterable[Agreement]) -> str:
    return listing([str(point) for point in sorted({agreement.point for agreement in agreements})])
