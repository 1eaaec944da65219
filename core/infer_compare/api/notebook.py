"""The HTML of a result in a notebook: the answer and one compact table, without style sheet or script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from infer_compare.api.rows import PointRow, rows_of
from infer_compare.report.price import money, price_words
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.report import ReportDocument

COLUMNS = ("contender", "batch", "samples/s", "± %", "p50 ms", "p95 ms", "memory MiB")
RIGHT = ' style="text-align:right"'


def html_of(document: ReportDocument, answer: str, best: PointRow | None, folder: Path) -> str:
    """Return the HTML of the answer, a table of the points, and the open questions. All text is escaped.

    Args:
        document: the report of the run.
        answer: the answer in a sentence.
        best: the point to mark.
        folder: the run folder.
    """
    parts = [
        f"<p><strong>{escape(document.model.name)}</strong>: {escape(answer)}</p>",
        _table(rows_of(document), best),
    ]
    if document.costs is not None:
        price = document.costs.price
        costs = "; ".join(
            f"{escape(cost.name)} at batch {cost.point.batch} {escape(money(cost.per_million, price.currency))}"
            for cost in document.costs.by_contender
        )
        parts.append(f"<p>A million samples at {escape(price_words(price))}: {costs}</p>")
    parts += [f"<p>Not answered: {escape(text)}</p>" for text in document.shortcomings]
    return f"<div>{''.join(parts)}<p><small>{escape(str(folder))}</small></p></div>"


def _table(rows: Sequence[PointRow], best: PointRow | None) -> str:
    head = "".join(f"<th{RIGHT if place else ''}>{name}</th>" for place, name in enumerate(COLUMNS))
    body = "".join(_row(row, marked=row == best) for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: PointRow, *, marked: bool) -> str:
    tag = "th" if marked else "td"
    axes = "".join(f" {name}={size}" for name, size in row.axes)
    first = (
        f'<{tag} style="text-align:left">{escape(row.contender)}</{tag}><{tag}{RIGHT}>{row.batch}{escape(axes)}</{tag}>'
    )
    if row.throughput is None:
        why = row.reason or row.outcome.replace("_", " ")
        return f'<tr>{first}<td colspan="{len(COLUMNS) - 2}">{escape(why)}</td></tr>'
    cells = (
        significant(row.throughput),
        "" if row.spread is None else f"{row.spread * 100:.1f}",
        _milliseconds(row.latency_p50_ms),
        _milliseconds(row.latency_p95_ms),
        _mebibytes(row.memory_bytes),
    )
    return f"<tr>{first}{''.join(f'<{tag}{RIGHT}>{cell}</{tag}>' for cell in cells)}</tr>"


def _milliseconds(milliseconds: float | None) -> str:
    return "" if milliseconds is None else significant(milliseconds)


def _mebibytes(size: int | None) -> str:
    return "" if size is None else f"{size / 2**20:,.0f}"
