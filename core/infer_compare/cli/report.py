"""`infer-compare report`: renders stored runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from infer_compare.cli import stdout
from infer_compare.cli.completing import RUN, formats
from infer_compare.cli.documents import asked_format, document_options
from infer_compare.cli.installed import installed
from infer_compare.cli.options import option_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report import ReportDocument
    from infer_compare.results import Run

FLAT = frozenset({"text", "markdown", "csv"})
"""Formats without the calls of a point and the answers for other latency bounds."""


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=RUN)
@document_options(
    formats,
    "text, markdown, html, csv, json, parquet, png, svg, github-action-benchmark, or a plugin's format",
    "report.html or points.csv",
)
@option_of("latency_bound", help="Answer for this latency bound, e.g. 10ms, from the stored calls.")
@option_of("percentile", default="that of the run")
@option_of(
    "mix", help="Answer for this mix of sizes of an axis, e.g. seq=16:0.5,64:0.5, from the stored figures. Repeatable."
)
@option_of("price")
@click.option(
    "--anonymous", is_flag=True, help="Leave out folders, names of other programs and of the machine, for sharing."
)
@click.option(
    "-v", "--verbose", is_flag=True, help="The whole report: every point, memory, agreement, notes, conditions."
)
@click.pass_obj
def command(
    settings: dict[str, Any],
    *,
    runs: tuple[Path, ...],
    name: str | None,
    output: Path | None,
    force: bool,
    as_json: bool,
    latency_bound: float | None,
    percentile: float | None,
    mix: tuple[str, ...],
    price: str | None,
    anonymous: bool,
    verbose: bool,
) -> None:
    """Show the run in the folder RUN, complete or not; several runs make one report."""
    from infer_compare.cli.output import TEXT, check_terminal, format_for, target_of
    from infer_compare.report import check_number, find_reporter, render_many
    from infer_compare.report.files import check_target, write_report
    from infer_compare.report.reporters import endings

    plugins = installed(settings)
    target = target_of(output)
    name = format_for(target, asked_format(name, as_json=as_json), endings(plugins))
    reporter = find_reporter(name, plugins)
    check_number(reporter, len(runs))
    example = shlex.join(["infer-compare", "report", *map(str, runs)])
    if target is None:
        check_terminal(name, reporter.suffix, example)
    else:
        check_target(target, force=force)
    asked = Asked(latency_bound, percentile, mix, price, anonymous=anonymous)
    documents = _documents(runs, asked, explorable=name not in FLAT)
    if target is None and name == TEXT:
        from infer_compare.cli.console import print_text

        print_text(*documents, verbose=verbose, places=runs)
        return
    content = render_many(reporter, documents)
    if target is None:
        _print(name, reporter.suffix, content, example)
        return
    write_report(target, content, force=force)
    click.echo(f"Report written to {target}", err=True)


class Asked(NamedTuple):
    """Further questions that a report answers from the stored run."""

    bound: float | None
    """Latency bound, in seconds."""
    percentile: float | None
    mixes: tuple[str, ...]
    price: str | None
    anonymous: bool


def _documents(runs: Sequence[Path], asked: Asked, *, explorable: bool) -> list[ReportDocument]:
    """Return the report documents of runs.

    Raises:
        UsageError: the price cannot be parsed, or a run cannot answer for a latency bound or a mix.
        StoreError: there is no run, or it cannot be read.
    """
    from infer_compare.cli.console import load_run
    from infer_compare.report import document
    from infer_compare.report.anonymous import anonymised
    from infer_compare.report.price import parse_price, priced
    from infer_compare.verdicts.mixes import with_mix

    given = parse_price(asked.price) if asked.price is not None else None
    documents = []
    for folder in runs:
        run = load_run(folder)
        if asked.bound is not None or asked.percentile is not None:
            run = bounded(run, asked.bound, asked.percentile)
        if asked.mixes:
            run = with_mix(run, asked.mixes)
        made = document(run, explorable=explorable)
        if given is not None:
            made = priced(made, given)
        documents.append(anonymised(made, run) if asked.anonymous else made)
    return documents


def bounded(run: Run, bound: float | None, percentile: float | None) -> Run:
    """Return the run with another latency bound.

    Args:
        run: the stored run.
        bound: in seconds; the run's own when None.
        percentile: percentile at which the bound must hold; the run's own when None.

    Raises:
        UsageError: neither the run nor the command line has a bound, or the run did not time single calls.
    """
    from infer_compare.errors import UsageError
    from infer_compare.verdicts import with_latency_bound

    bound_ns = run.header.options.latency_bound_ns if bound is None else round(bound * 1e9)
    if bound_ns is None:
        raise UsageError(
            "--percentile is about a latency bound, and the run has none; add --latency-bound, such as 10ms."
        )
    return with_latency_bound(run, bound_ns, percentile)


def _print(name: str, ending: str, content: str | bytes, example: str) -> None:
    """Print the report on standard output."""
    from infer_compare.cli.output import is_terminal, not_for_a_terminal

    if isinstance(content, bytes) and is_terminal():
        raise not_for_a_terminal(name, ending, example)
    stdout.write(content)
