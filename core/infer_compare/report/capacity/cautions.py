"""What limits an answer about capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.capacity.phrases import asks_for_a_rate, pace_words
from infer_compare.report.words import plain
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.capacity.values import Capacity

FEWEST_RECORDED = 1000
"""Requests of a recording, below which its tail says little."""
IN_PROCESS = (
    "calls were timed inside the worker process; a service adds the pipe or network and its front end: "
    "--replay 30s measures the pipe"
)


def cautions(capacity: Capacity) -> Iterator[str]:
    """Yield a sentence for each limit; the same limit of several contenders is said once."""
    whom: dict[str, list[str]] = {}
    for contender in capacity.contenders:
        clauses = [] if contender.served else [IN_PROCESS]
        if contender.state == "cannot be said" and asks_for_a_rate(capacity):
            clauses.append("the rate is too near to saturation on one machine to say whether the bound is kept")
        for clause in (*clauses, *contender.cautions):
            whom.setdefault(clause, []).append(contender.name)
    for clause, names in whom.items():
        about = "" if len(names) == len(capacity.contenders) else f"{listing(names)}: "
        yield plain(f"{about}{clause}")
    if 0 < len(capacity.load.arrivals_s) < FEWEST_RECORDED:
        yield f"the recording has {len(capacity.load.arrivals_s)} requests only; high percentiles rest on few of them"
    for replayed in capacity.replayed:
        if replayed.shared_core:
            yield "replay: no core was left for the sender, so measured latencies are longer than those of a service"
        if replayed.clean_percentiles_s is None:
            yield (
                "replay: too little of it is known to be undisturbed by other programs, so measured latencies may be longer than on a quiet "
                "machine; repeat it on one"
            )
        if not replayed.pace.steady:
            yield plain(
                f"replay: {pace_words(replayed.pace)}, so the replay says nothing about the prediction; repeat it"
            )
        if replayed.lost:
            yield f"replay: {replayed.lost} of {replayed.requests} requests were lost"
