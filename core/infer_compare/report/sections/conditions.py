"""The last sections: the conditions of the run, and how to repeat it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from infer_compare.report.charts.bars import start_up_chart
from infer_compare.report.facts import contender_facts, general_facts
from infer_compare.report.json import JsonReporter
from infer_compare.report.sections.blocks import PAGE, Cell, Chart, Command, Download, Facts, Section, Table
from infer_compare.report.words import without_folder
from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from infer_compare.report.sections.view import View


def start_up(view: View) -> Section | None:
    """Return the chart of start-up times, for the page; other formats list them among the conditions."""
    rows = tuple(
        (
            Cell(text=contender.name, contender=contender.label),
            *(Cell(text=duration(part)) for part in (cost.spawn_ns, cost.import_ns, cost.load_ns, cost.to_device_ns)),
            Cell(
                text=f"{duration(cost.first_call_ns)} at {cost.first_call_at}" if cost.first_call_ns is not None else ""
            ),
        )
        for contender in view.document.contenders
        if (cost := contender.start_up) is not None
    )
    if not rows:
        return None
    table = Table(
        caption="Start-up of the worker that explored",
        header=("contender", "process", "import", "load", "to device", "first call"),
        rows=rows,
    )
    chart = Chart(
        id=f"{view.key}-start-up",
        title="Start-up",
        lead="Seconds until the worker that explored was ready, and the first call of a fresh worker, "
        "which is a median over workers.",
        table=table,
        data=start_up_chart(view.document),
        media=PAGE,
    )
    return Section(title="Start-up", page_title="", look="", blocks=(chart,))


def conditions(view: View) -> Section:
    """Return machine, versions, contenders as they ran, and noise."""
    document = view.document
    return Section(
        title="Conditions",
        look="card conditions",
        folded=True,
        blocks=(
            Facts(rows=tuple(general_facts(document))),
            *(
                Facts(rows=tuple(contender_facts(contender)), contender=contender.label, name=contender.name)
                for contender in document.contenders
            ),
        ),
    )


def repeat(view: View) -> Section:
    """Return the command, and on the page the document for download."""
    document = view.document
    blocks: list[Command | Download] = [Command(words=without_folder(document.command))]
    if view.page:
        content = gzip.compress(JsonReporter().render(document).encode(), mtime=0)
        name = f"{document.run_id}-report.json"
        blocks.append(Download(title="Download the report document (JSON)", name=name, content=content, media=PAGE))
    return Section(title="Repeat with", look="card again", folded=True, blocks=tuple(blocks))
