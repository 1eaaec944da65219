"""The findings as a table for the terminal."""

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
    """The table, then the sentences and the advice."""
    from rich.text import Text

    if any(one.state == "measured" for one in done.backends):
        yield _table(done)
        yield Text()
    if len(done.backends) > 1:
        yield from (Text(sentence) for sentence in done.sentences)
    yield from (Text(f"{one.backend} was skipped: {one.reason}.") for one in done.skipped)
    yield Text(done.statement, style="bold")
    yield from (Text(f"- {one}") for one in done.advice)


def _table(done: SelfTest) -> Table:
    """A row for each thing that was found, a column for each backend."""
    from rich.table import Table
    from rich.text import Text

    measured = [one for one in done.backends if one.state == "measured"]
    table = Table(
        f"{done.model}, batch sizes {', '.join(map(str, done.batch_sizes))}",
        *(one.backend for one in measured),
        box=None,
        pad_edge=False,
    )
    rows: list[tuple[str, list[str]]] = [
        ("A/A: false verdicts", [f"{one.twins.false} of {one.twins.comparisons}" for one in measured]),
        ("A/A: same", [str(one.twins.same) for one in measured]),
        ("A/A: inconclusive", [str(one.twins.inconclusive) for one in measured]),
    ]
    for index, slowdown in enumerate(SLOWDOWNS):
        rows.append((f"{percent(slowdown)} slower: shown", [_planted(one.planted[index]) for one in measured]))
    rows += [
        ("resolution (half-width of A/A)", [_share(one.half_width) for one in measured]),
        ("of it, for contention", [_share(one.allowance) for one in measured]),
        ("slices rejected", [_rejected(one) for one in measured]),
        ("restarts with clean rounds", [f"{one.clean_restarts} of {one.restarts}" for one in measured]),
        ("time", [f"{one.elapsed_s:.0f} s" for one in measured]),
    ]
    for name, cells in rows:
        table.add_row(Text(name), *map(Text, cells))
    return table


def _planted(found: PlantedFindings) -> str:
    """Such as `2 of 3 (measured 11 %)`."""
    wrong = f", {found.wrong} wrongly" if found.wrong else ""
    measured = f" (measured {_share(found.measured)})" if found.measured is not None else ""
    return f"{found.right} of {found.points}{wrong}{measured}"


def _share(share: float | None) -> str:
    """With a decimal, since these are small: `2.4 %`."""
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _rejected(found: BackendFindings) -> str:
    who = f" ({found.top.name}, pid {found.top.pid})" if found.rejected and found.top is not None else ""
    return f"{percent(found.rejected_share)}{who}"
