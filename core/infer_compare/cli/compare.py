"""`infer-compare compare`: one stored run held against another."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infer_compare.cli import stdout
from infer_compare.cli.completing import RUN, comparison_formats, completer
from infer_compare.cli.parameters import SHARE

if TYPE_CHECKING:
    from infer_compare.report.comparison import ComparisonDocument


UNTESTED = 4
"""Exit code of a guard that could not test what it guards."""


@click.command("compare")
@click.argument("base", type=click.Path(path_type=Path), shell_complete=RUN)
@click.argument("new", type=click.Path(path_type=Path), shell_complete=RUN)
@click.option(
    "--format",
    "name",
    metavar="FORMAT",
    shell_complete=completer(comparison_formats),
    help="text, markdown, html or json.  [default: by the ending of the file, else text]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File to write, e.g. comparison.html; - for standard output.  [default: -]",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--across-conditions", is_flag=True, help="Give verdicts even if the conditions of the runs differ.")
@click.option(
    "--margin",
    type=SHARE,
    default="3%",
    show_default=True,
    metavar="SHARE",
    help="Throughput difference that counts as equal.",
)
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
    as_json: bool,
    across_conditions: bool,
    margin: float,
    loss: float | None,
) -> int:
    """Compare the run in the folder NEW with the run in the folder BASE: what is faster, slower or the same.

    Exit codes: 0 compared, whatever the result; 2 usage error. With --fail-on-regression: 1 a regression is proven; 4
    nothing could be tested, or the best contender of BASE could not.
    """
    from infer_compare import api
    from infer_compare.cli.console import load_run
    from infer_compare.cli.output import TEXT, check_terminal, format_for, target_of
    from infer_compare.errors import UsageError
    from infer_compare.report.comparison import FORMATS, find_format
    from infer_compare.report.words import plain

    if as_json:
        if name is not None and name != "json":
            raise UsageError(f"--json and --format {name} contradict each other; leave one of them out.")
        name = "json"
    target = target_of(output)
    name = format_for(target, name, {one.name: one.suffix for one in FORMATS.values()})
    chosen = find_format(name)
    if target is None:
        check_terminal(name, chosen.suffix, shlex.join(["infer-compare", "compare", str(base), str(new)]))
    else:
        _refuse_taken(target)
    made = api.compare(load_run(base), load_run(new), margin=margin, across_conditions=across_conditions, loss=loss)
    if target is not None:
        _write(target, chosen.render(made))
    elif name == TEXT:
        _print(made)
    else:
        stdout.write(chosen.render(made))
    if made.untested and (target is not None or name != TEXT):
        # Whoever sends the comparison to a file reads the log of the command.
        click.echo(plain(made.untested), err=True)
    if made.regression:
        return 1
    return UNTESTED if made.untested else 0


def _refuse_taken(output: Path) -> None:
    """Before anything is read; whether it can be written shows when it is."""
    import os

    from infer_compare.errors import UsageError

    if os.path.lexists(output):
        raise UsageError(f"{output} exists already; remove it or name another file.")


def _write(output: Path, text: str) -> None:
    from infer_compare.errors import UsageError

    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{output} exists already; remove it or name another file.") from None
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from None
    click.echo(f"Comparison written to {output}", err=True)


def _print(document: ComparisonDocument) -> None:
    """As wide as the terminal, in colour where that is one."""
    from infer_compare.report.comparison.sections import sections
    from infer_compare.report.terminal.writer import renderables
    from infer_compare.report.text import WIDTH, tidy

    console = stdout.console(highlight=False)
    console.width = max(console.width, WIDTH)
    with console.capture() as capture:
        for one in renderables(sections(document)):
            console.print(one)
    encoding = getattr(stdout.stream(), "encoding", None) or "utf-8"
    # Characters that the encoding of standard output lacks are replaced.
    stdout.write(tidy(capture.get()).encode(encoding, "replace").decode(encoding), color=True)
