"""`infer-compare selftest`: how far verdicts can be trusted on this machine."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.installed import installed
from infer_compare.cli.parameters import DURATION, THREADS


@click.command("selftest")
@click.option(
    "--backends", metavar="NAMES", help="Backends by name, comma-separated.  [default: torch and onnx, if installed]"
)
@click.option("--budget", type=DURATION, metavar="TIME", help="Use about this much time for all of them, such as 5m.")
@click.option("--threads", type=THREADS, help="Thread budget of every backend.  [default: physical cores]")
@click.option("--model", default="cnn", show_default=True, help="A built-in name or a file.")
@click.option("--quick", is_flag=True, help="Half as many rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), help="Keep the runs here, in a folder per backend."
)
@click.pass_obj
def command(
    settings: dict[str, Any],
    *,
    backends: str | None,
    budget: float | None,
    threads: int | None,
    model: str,
    quick: bool,
    as_json: bool,
    folder: Path | None,
) -> int:
    """Measures each backend against itself, and against itself made slower by 5, 10 and 20 %, and counts the verdicts.

    It tells how many verdicts are false, which differences this machine can show, and what disturbs it. It takes one
    to four minutes a backend, longest where a framework starts slowly.

    Exit codes: 0 no false verdict, and at least the 20 % were shown at most batch sizes; 1 otherwise; 2 usage;
    3 no usable backend; 130 interrupted.
    """
    from infer_compare.cli.progress import progress
    from infer_compare.environment.threads import default_threads
    from infer_compare.selftest import Setup, run_selftest

    setup = Setup(
        threads=threads or default_threads(), model=model, quick=quick, command=("infer-compare", *sys.argv[1:])
    )
    with progress(quiet=False, verbose=False) as observer:
        try:
            done = run_selftest(
                setup,
                installed(settings),
                observer,
                backends=backends.split(",") if backends is not None else None,
                budget_s=budget,
                folder=folder,
            )
        except KeyboardInterrupt:
            if folder is not None and folder.exists():
                click.echo(f"What was measured is kept in {shlex.quote(str(folder))}.", err=True)
            raise
    if as_json:
        stdout.document(done)
    else:
        from infer_compare.selftest.table import renderables

        console = stdout.console(highlight=False)
        for one in renderables(done):
            console.print(one)
        if folder is not None:
            click.echo(f"\nRuns stored in {folder}", err=True)
    return 0 if done.passed else 1
