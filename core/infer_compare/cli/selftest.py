"""`infer-compare selftest`: tests how far verdicts can be trusted on this machine."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON
from infer_compare.cli.installed import installed
from infer_compare.cli.options import option_of
from infer_compare.cli.parameters import THREADS
from infer_compare.request.options import DEFAULT_MODEL


@click.command("selftest")
@option_of("backends", help="Backends to test, comma-separated.", default="torch and onnx, if installed")
@option_of("budget", help="Approximate time for all backends together, e.g. 5m.")
@click.option("--threads", type=THREADS, help="Threads per backend.  [default: physical cores]")
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Model: a built-in name or a file.")
@click.option("--quick", is_flag=True, help="Measure half as many rounds.")
@AS_JSON
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    help="Keep the runs in this folder, one subfolder per backend.",
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
    """Compare each backend with itself, and with itself slowed down by 5, 10 and 20 %, and count the verdicts.

    The result shows how many verdicts are false, which differences this machine can resolve, and what disturbs it. It
    takes one to four minutes per backend.

    Exit codes: 0 no false verdict, and the 20 % difference was found at most batch sizes; 1 otherwise; 2 usage error; 3 no
    usable backend; 130 interrupted.
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
                click.echo(f"Results so far are in {shlex.quote(str(folder))}.", err=True)
            raise
    if as_json:
        stdout.document(done)
    else:
        from infer_compare.selftest.table import renderables

        console = stdout.console(highlight=False)
        for part in renderables(done):
            console.print(part)
        if folder is not None:
            click.echo(f"\nRuns stored in {folder}", err=True)
    return 0 if done.passed else 1
