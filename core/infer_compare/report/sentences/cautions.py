"""What a reader must know about the outputs before trusting a ranking, in sentences."""

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
    """Return what belongs beside the answer: work that is done elsewhere, outputs that deviate or could not be compared, and batch sizes that compute different
    things.
    """
    return (*_elsewhere(run), *_other_precision(run), *deviating(run), *_not_compared(run), *coupled(run))


def _elsewhere(run: Run) -> Iterator[str]:
    """Yield a sentence on each contender whose work a server does: what is known of the others is not known of it."""
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
    """Yield a sentence for each contender that computes in another precision than it was asked for, or in a lower one than the model's or others' by its own choice."""
    model = run.header.model.precision
    than = "the precision of others" if model is None else f"the model's {model}"
    labels = [label for label in run.labels if run.differs(label) is None]
    chosen = lowered(run, labels)
    for label in labels:
        setup = setup_of(run, label)
        asked, own = setup.asked_precision, setup.precision
        if own is None:
            continue
        if asked is not None and own != asked:
            yield f"{label} was asked to compute in {asked}, and computes in {own}"
        elif label in chosen:
            yield f"{label} chose {own} by itself, which is lower than {than}; ask for one with precision="


def rows_notes(run: Run) -> Iterator[Note]:
    """Yield what is known about the rows of batches without being a reason to distrust the answer."""
    within = [one for one in run.agreements if one.rows_within_precision]
    if within:
        yield Note(
            topic="rows",
            text=f"rows of a batch influence each other in this model, by no more than its eight-bit arithmetic "
            f"explains, at {_where(within)}; a scale that is computed over the whole batch does that",
        )
    for label in run.labels:
        batches = [one for one in _ranked(run, label) if one.point.batch > 1]
        if batches and all(one.row_consistent is None and one.outputs for one in batches):
            yield Note(
                topic="rows",
                text=f"it could not be checked on {label} whether a row of a batch comes out as it does alone: "
                "single rows did not run, or their outputs have another form",
            )


def deviating(run: Run) -> Iterator[str]:
    """Yield a sentence on each contender that differs beyond the tolerance and is ranked all the same."""
    for label, error in deviations(run).items():
        yield (
            f"outputs of {run.name(label)} differ beyond the tolerance (output error {error.relative:.2g}), "
            "which --allow-error allows"
        )


def _not_compared(run: Run) -> Iterator[str]:
    if len(run.labels) < 2:
        return
    for label in run.labels:
        open_ = [one for one in _ranked(run, label) if one.verdict == "inconclusive"]
        if open_:
            yield (
                f"it was not shown that {label} computes the same as the others, at {_where(open_)}: {open_[0].reason}"
            )


def coupled(run: Run) -> Iterator[str]:
    """Yield a sentence where rows of a batch depend on each other beyond what eight-bit arithmetic explains."""
    beyond = [
        one
        for label in run.labels
        for one in _ranked(run, label)
        if one.row_consistent is False and one.rows_within_precision is False
    ]
    if beyond:
        labels = list(dict.fromkeys(one.contender for one in beyond))
        yield (
            f"rows of a batch depend on each other, on {listing(labels)} at {_where(beyond)}: this model computes "
            "different things at different batch sizes"
        )


def _ranked(run: Run, label: str) -> Sequence[Agreement]:
    """The comparisons of a contender that is not excluded for differing."""
    if run.differs(label) is not None:
        return ()
    return [one for one in run.agreements if one.contender == label]


def _where(agreements: Iterable[Agreement]) -> str:
    return listing([str(point) for point in sorted({one.point for one in agreements})])
