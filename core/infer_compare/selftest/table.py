"""The findings of the self-test as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.selftest.setup import SLOWDOWNS
from infer_compare.stats.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from infer_compare.selftest.findings import BackendFindings, PlantedFindings
    from infer_compare.selftest.trial import SelfTest


def renderables(done: SelfTest) -> Iterator[RenderableType]:
    """Yield the table, then the sentences and the advice."""
    from rich.text import Text

    if any(backend.state == "measured" for backend in done.backends):
        yield _table(done)
        yield Text()
    if len(done.backends) > 1:
        yield from (Text(sentence) for sentence in done.sentences)
    yield from (Text(f"{skipped.backend} was skipped: {skipped.reason}.") for skipped in done.skipped)
    yield Text(done.statement, style="bold")
    yield from (Text(f"- {sentence}") for sentence in done.advice)


def _table(done: SelfTest) -> Table:
    """Return a table with a row for each finding and a column for each backend."""
    from rich.table import Table
    from rich.text import Text

    measured = [backend for backend in done.backends if backend.state == "measured"]
    table = Table(
        f"{done.model}, batch sizes {', '.join(map(str, done.batch_sizes))}",
        *(backend.backend for backend in measured),
        box=None,
        pad_edge=False,
    )
    rows: list[tuple[str, list[str]]] = [
        ("A/A: false verdicts", [f"{backend.twins.false} of {backend.twins.comparisons}" for backend in measured]),
        ("A/A: same", [str(backend.twins.same) for backend in measured]),
        ("A/A: inconclusive", [str(backend.twins.inconclusive) for backend in measured]),
    ]
    for index, slowdown in enumerate(SLOWDOWNS):
        rows.append((f"{percent(slowdown)} slower: shown", [_planted(backend.planted[index]) for backend in measured]))
    rows += [
        ("resolution (half-width of A/A)", [_share(backend.half_width) for backend in measured]),
        ("of it, for contention", [_share(backend.allowance) for backend in measured]),
        ("slices rejected", [_rejected(backend) for backend in measured]),
        ("restarts with clean rounds", [f"{backend.clean_restarts} of {backend.restarts}" for backend in measured]),
        ("time", [f"{backend.elapsed_s:.0f} s" for backend in measured]),
    ]
    for name, cells in rows:
        table.add_row(Text(name), *map(Text, cells))
    return table


def _planted(planted: PlantedFindings) -> str:
    """Return how often a slowdown was found, such as `2 of 3 (measured 11 %)`."""
    wrong = f", {planted.wrong} wrongly" if planted.wrong else ""
    measured = f" (measured {_share(planted.measured)})" if planted.measured is not None else ""
    return f"{planted.right} of {planted.points}{wrong}{measured}"


def _share(share: float | None) -> str:
    """Return a share in percent with one decimal, such as `2.4 %`."""
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _rejected(findings: BackendFindings) -> str:
    who = f" ({findings.top.name}, pid {findings.top.pid})" if findings.rejected and findings.top is not None else ""
    return f"{percent(findings.rejected_share)}{who}"
