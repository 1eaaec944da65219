"""Assembles the HTML page: template, style, scripts, and a content security policy."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.report.charts.data import plain_data
from infer_compare.report.charts.palette import PAPER, PARTS, SYMBOLS, colours, dashes
from infer_compare.report.html.contenders import contenders_of
from infer_compare.report.html.sheet import arranged, charts_of, sheet_of
from infer_compare.report.html.terms import terms
from infer_compare.report.html.timelines import timeline_data
from infer_compare.report.html.what_if import what_if_data
from infer_compare.report.sections.several import runs
from infer_compare.report.words import plain, shell_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment

    from infer_compare.report.html.contenders import Contender
    from infer_compare.report.schema import ReportDocument
    from infer_compare.report.sections.blocks import Section

PACKAGE = "infer_compare.report.html"
SCRIPTS = (
    "theme",
    "words",
    "axes",
    "batch_chart",
    "frontier_chart",
    "accuracy_chart",
    "bar_chart",
    "drawing",
    "what_if",
    "calls",
    "controls",
    "start",
)
"""The files that make up the script of the page."""
BEYOND_RUNS = (
    ".answer.bad { border-top-color: var(--bad); } .answer.bad h1 { color: var(--bad); } "
    "td.strong:not(.verdict) { font-weight: 700; }"
)
"""Additional style for elements that reports of one run never have: headlines of bad news, emphasised figures."""


def page(documents: Sequence[ReportDocument]) -> str:
    """Return the page of one or more runs as text, to be stored as UTF-8.

    Args:
        documents: the runs, at least one.

    Raises:
        ValueError: there are no documents.
    """
    if not documents:
        raise ValueError("A report page needs at least one run.")
    from markupsafe import Markup

    known = contenders_of(documents)
    places = {label: contender.place for label, contender in known.items()}
    sheets = [sheet_of(document, f"r{place}") for place, document in enumerate(documents)]
    backends = [contender.backend for contender in known.values()]
    scripts = [_asset("vendor", "plotly-basic.min.js"), script()]
    drawn = {chart.id: plain_data(chart.data, places) for sheet in sheets for chart in sheet.charts}
    calls = {key: call_data for sheet in sheets for key, call_data in timeline_data(sheet.document, sheet.key, places)}
    what_ifs = {block.id: what_if_data(block, places) for sheet in sheets for block in sheet.what_ifs}
    return _rendered(
        "page.html",
        places,
        backends,
        policy(scripts),
        title=_title(documents),
        question="which framework, at which batch size",
        sheets=sheets,
        overview=msgspec.structs.replace(runs(documents), look=""),
        known=list(known.values()),
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - ours and the vendor's, without an end tag in them
        chart_data=Markup(island(_chart_data(known, drawn, what_ifs, calls))),  # noqa: S704 - escaped by `island`
    )


def sections_page(
    title: str,
    question: str,
    facts: str,
    sections: Sequence[Section],
    known: Mapping[str, Contender] = MappingProxyType({}),
    more_scripts: Sequence[str] = (),
) -> str:
    """Return a page of sections that are not a report of a run.

    Args:
        title: the title of the page.
        question: the question that it answers.
        facts: a line that identifies its content.
        sections: the sections from top to bottom.
        known: the contenders of its charts and tables, by label.
        more_scripts: script files for further kinds of charts.
    """
    from markupsafe import Markup

    places = {label: contender.place for label, contender in known.items()}
    scripts = [_asset("vendor", "plotly-basic.min.js"), script(*more_scripts)]
    drawn = {chart.id: plain_data(chart.data, places) for chart in charts_of(sections)}
    return _rendered(
        "sections.html",
        places,
        [contender.backend for contender in known.values()],
        policy(scripts),
        extra_style=BEYOND_RUNS,
        title=title,
        question=question,
        facts=facts,
        groups=arranged(sections),
        known=list(known.values()),
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - ours and the vendor's, without an end tag in them
        chart_data=Markup(island(_chart_data(known, drawn, {}, {}))),  # noqa: S704 - escaped by `island`
    )


def _rendered(
    template: str,
    places: Mapping[str, int],
    backends: Sequence[str],
    allowed: str,
    *,
    extra_style: str = "",
    **values: Any,  # noqa: ANN401
) -> str:
    from markupsafe import Markup

    return (
        _environment()
        .get_template(template)
        .render(
            places=places,
            policy=allowed,
            style=Markup(_asset("assets", "report.css") + extra_style),  # noqa: S704 - ours
            palette=colours(backends),
            parts=PARTS,
            paper=PAPER,
            symbols=list(SYMBOLS.values()),
            kind_of=lambda block: type(block).__name__,
            shell_lines=shell_lines,
            terms=terms(),
            base64=lambda content: base64.b64encode(content).decode(),
            **values,
        )
    )


@cache
def script(*more: str) -> str:
    """Return the script of the page.

    Args:
        more: script files for charts that only some pages have.
    """
    *first, start = SCRIPTS
    parts = "\n".join(_asset("assets", f"{name}.js") for name in (*first, *more, start))
    return f'(() => {{\n"use strict";\n\n{parts}}})();\n'


def policy(scripts: Sequence[str]) -> str:
    """Return the content security policy: it allows these scripts by their hashes, and loads nothing from elsewhere.

    Inline styles are allowed, since Plotly creates a style element and sets style attributes; under this policy a style
    cannot load anything.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def island(value: Any) -> str:  # noqa: ANN401 - any plain data
    """Return a value as JSON that is safe inside a script element: it contains no `<`."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _title(documents: Sequence[ReportDocument]) -> str:
    names = dict.fromkeys(plain(document.model.name) for document in documents)
    return ", ".join(names)


def _chart_data(
    known: Mapping[str, Contender], drawn: Mapping[str, Any], what_ifs: Mapping[str, Any], calls: Mapping[str, Any]
) -> dict[str, Any]:
    symbols = list(SYMBOLS)
    backends = [contender.backend for contender in known.values()]
    lines = dashes(backends)
    return {
        "contenders": [
            {
                "name": plain(contender.name),
                "symbol": symbols[contender.place % len(symbols)],
                "dash": lines[contender.place],
                "excluded": bool(contender.excluded),
            }
            for contender in known.values()
        ],
        "palette": colours(backends),
        "parts": PARTS,
        "paper": PAPER,
        "charts": drawn,
        "whatIfs": what_ifs,
        "calls": calls,
    }


@cache
def _asset(folder: str, name: str) -> str:
    return files(PACKAGE).joinpath(folder, name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    import jinja2

    def harmless(value: object) -> object:
        """Return an untrusted text on one line, without control characters; trusted texts are already `Markup`."""
        return plain(value) if type(value) is str else value

    return jinja2.Environment(
        loader=jinja2.PackageLoader(PACKAGE, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
