"""`infer-compare report`: a stored run, rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format", "name", default="text", show_default=True, metavar="FORMAT", help="text, markdown, csv or json."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; standard output when left out.")
@click.option("-v", "--verbose", is_flag=True, help="Every point.")
@click.pass_obj
def command(settings: dict[str, Any], *, run: Path, name: str, output: Path | None, verbose: bool) -> None:
    """Renders the run in the folder RUN, complete or not."""
    from infer_compare import api
    from infer_compare.errors import UsageError
    from infer_compare.plugins import Plugins
    from infer_compare.report import document, find_reporter, render

    reporter = find_reporter(name, Plugins.discover(settings["blocked"]))
    made = document(api.load_run(run))
    if output is None and name == "text":
        from infer_compare.cli.console import print_text

        print_text(made, verbose=verbose)
        return
    text = render(reporter, made)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{output} exists already; remove it or name another file.") from None
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from None
    click.echo(f"Report written to {output}", err=True)
