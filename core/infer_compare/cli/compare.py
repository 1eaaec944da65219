"""`infer-compare compare`: compares two stored runs."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from infer_compare.cli.completing import RUN, formats_of
from infer_compare.cli.documents import document_options
from infer_compare.cli.options import option_of
from infer_compare.cli.parameters import SHARE

UNTESTED = 4
"""Exit code if `--fail-on-regression` could not be tested."""


@click.command("compare")
@click.argument("base", type=click.Path(path_type=Path), shell_complete=RUN)
@click.argument("new", type=click.Path(path_type=Path), shell_complete=RUN)
@document_options(formats_of("comparison"), "text, markdown, html or json", "comparison.html")
@click.option("--across-conditions", is_flag=True, help="Give verdicts even if the conditions of the runs differ.")
@option_of("margin", help="Throughput difference that counts as equal.")
@click.option(
    "--fail-on-regression",
    "loss",
    type=SHARE,
    metavar="SHARE",
    help="Exit with 1 if a loss greater than this (e.g. 5%) is proven, with 4 if it could not be tested.",
)
def command(
    *,
    base: Path,
    new: Path,
    name: str | None,
    output: Path | None,
    force: bool,
    as_json: bool,
    across_conditions: bool,
    margin: float | None,
    loss: float | None,
) -> int:
    """Compare the run in the folder NEW with the run in the folder BASE: what is faster, slower or the same.

    Exit codes: 0 compared, whatever the result; 2 usage error. With --fail-on-regression: 1 a regression is proven; 4
    nothing could be tested, or the best contender of BASE could not.
    """
    from infer_compare import api
    from infer_compare.cli.console import load_run
    from infer_compare.cli.documents import destination_of, show
    from infer_compare.report.comparison import FORMATS
    from infer_compare.report.words import plain
    from infer_compare.verdicts.protocol import MARGIN

    example = shlex.join(["infer-compare", "compare", str(base), str(new)])
    destination = destination_of(FORMATS, output, name, as_json=as_json, force=force, example=example)
    share = MARGIN if margin is None else margin
    made = api.compare(load_run(base), load_run(new), margin=share, across_conditions=across_conditions, loss=loss)
    show(made, FORMATS, destination, "Comparison")
    if made.untested and not destination.printed:
        # With the comparison in a file, the reason must still appear in the log.
        click.echo(plain(made.untested), err=True)
    if made.regression:
        return 1
    return UNTESTED if made.untested else 0
