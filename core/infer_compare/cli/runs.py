"""`infer-compare runs`: what is stored."""

from __future__ import annotations

from pathlib import Path

import click

from infer_compare.cli import stdout


@click.command("runs")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, folder: Path, as_json: bool) -> None:
    """Lists the runs that are stored in FOLDER, oldest first."""
    from infer_compare.store import list_runs

    found = list(list_runs(folder))
    if as_json:
        stdout.document(found)
        return
    if not found:
        click.echo(f"No runs in {folder}.", err=True)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("run", "model", "contenders", "state", box=None, pad_edge=False)
    for one in found:
        table.add_row(*map(Text, (one.path, one.model, ", ".join(one.contenders), one.state)))
    stdout.console().print(table)
