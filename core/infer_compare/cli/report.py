"""`infer-compare report`: stored runs, rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.installed import installed


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "name",
    default="text",
    show_default=True,
    metavar="FORMAT",
    help="text, markdown, html, csv, json, parquet, png, svg, github-action-benchmark, or one that a plugin brings.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; standard output when left out.")
@click.option("--force", is_flag=True, help="Write over the file if there is one.")
@click.option(
    "--price",
    metavar="PRICE",
    help="What the machine costs, such as 1.20/h, $1.20/h or 0.0003/s: adds the cost of a million samples.",
)
@click.option("-v", "--verbose", is_flag=True, help="Every point.")
@click.pass_obj
def command(
    settings: dict[str, Any],
    *,
    runs: tuple[Path, ...],
    name: str,
    output: Path | None,
    force: bool,
    price: str | None,
    verbose: bool,
) -> None:
    """Renders the run in the folder RUN, complete or not; several runs go into one report."""
    from infer_compare.cli.console import load_run
    from infer_compare.report import check_number, document, find_reporter, render_many
    from infer_compare.report.files import check_target, write_report
    from infer_compare.report.price import parse_price, priced

    reporter = find_reporter(name, installed(settings))
    check_number(reporter, len(runs))
    given = parse_price(price) if price is not None else None
    if output is not None:
        check_target(output, force=force)
    documents = [document(load_run(run)) for run in runs]
    if given is not None:
        documents = [priced(one, given) for one in documents]
    if output is None and name == "text":
        from infer_compare.cli.console import print_text

        print_text(*documents, verbose=verbose)
        return
    content = render_many(reporter, documents)
    if output is None:
        _print(name, content)
        return
    write_report(output, content, force=force)
    click.echo(f"Report written to {output}", err=True)


def _print(name: str, content: str | bytes) -> None:
    """Puts the report on standard output."""
    if isinstance(content, bytes) and getattr(stdout.stream(), "isatty", bool)():
        from infer_compare.errors import UsageError

        raise UsageError(f"The report format {name!r} is not for a terminal; name a file with -o.")
    stdout.write(content)
