"""`infer-compare capacity`: the load that the contenders of a stored run handle."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli.completing import RUN, formats_of
from infer_compare.cli.documents import document_options
from infer_compare.cli.installed import installed
from infer_compare.cli.options import option_of
from infer_compare.cli.parameters import DELAY, DURATION, RATE, FiniteNumber, WholeNumber
from infer_compare.limits import MOST_BURSTINESS, MOST_INSTANCES
from infer_compare.request.sizes import LARGEST

if TYPE_CHECKING:
    from infer_compare.request.axes import Setting


@click.command("capacity")
@click.argument("run", type=click.Path(path_type=Path), shell_complete=RUN)
@click.option(
    "--rate",
    type=RATE,
    metavar="RATE",
    help="Requests that arrive, e.g. 200/s, 12k/min or 1M/day.  [default: the highest rate is looked for]",
)
@option_of("latency_bound", help="Time within which requests must be answered, e.g. 20ms.")
@click.option(
    "--percentile",
    type=FiniteNumber(1, 99.99),
    help="Share of the requests that must keep the bound, in percent.  [default: 99]",
)
@click.option(
    "--arrivals",
    type=click.Path(path_type=Path),
    help="File with the moments of recorded requests in seconds, one a line; --rate stretches or compresses them.",
)
@click.option(
    "--burstiness",
    type=FiniteNumber(0, MOST_BURSTINESS),
    metavar="CV2",
    help="Squared coefficient of variation of the times between requests: 1 is a Poisson process, more is burstier.  [default: 1]",
)
@option_of("price", help="Machine price, e.g. 1.20/h; adds the cost per million requests.")
@click.option(
    "-b",
    "--contender",
    "contenders",
    multiple=True,
    metavar="LABEL",
    help="Only this contender of the run. Repeatable.",
)
@click.option("--max-batch", type=WholeNumber(1, LARGEST), help="Largest batch.  [default: several are tried]")
@click.option(
    "--max-delay",
    type=DELAY,
    metavar="TIME",
    help="How long a request waits for others at most, e.g. 2ms, or 0.  [default: several are tried]",
)
@click.option(
    "--copies", type=WholeNumber(1, MOST_INSTANCES), help="Workers on one machine.  [default: as many as were measured]"
)
@click.option(
    "--axis",
    "axes",
    multiple=True,
    metavar="NAME=SIZE",
    help="Size of an axis besides the batch, e.g. seq=64. Repeatable.",
)
@click.option(
    "--replay",
    type=DURATION,
    metavar="TIME",
    help="Serve this load with real workers for this long, e.g. 30s, and compare with the prediction.",
)
@document_options(formats_of("capacity"), "text, markdown, html, json or csv", "capacity.html")
@click.pass_obj
def command(
    settings: dict[str, Any],
    *,
    run: Path,
    rate: float | None,
    latency_bound: float | None,
    percentile: float | None,
    arrivals: Path | None,
    burstiness: float | None,
    price: str | None,
    contenders: tuple[str, ...],
    max_batch: int | None,
    max_delay: float | None,
    copies: int | None,
    axes: tuple[str, ...],
    replay: float | None,
    name: str | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Work out what load the run in the folder RUN handles: the highest rate within a latency bound, or the machines that a rate takes.

    Requests are simulated: they wait in a queue, and free workers take them in batches. Exit codes: 0 answered; 1 no
    contender handles it; 2 usage error.
    """
    from infer_compare.api.capacity_question import Question, answered, bound_of, load_of
    from infer_compare.cli.check_progress import progress
    from infer_compare.cli.console import load_run
    from infer_compare.cli.documents import destination_of, show
    from infer_compare.report.capacity import FORMATS
    from infer_compare.report.capacity.sentences import answering
    from infer_compare.report.price import parse_price
    from infer_compare.store import run_file

    example = shlex.join(["infer-compare", "capacity", str(run)])
    destination = destination_of(FORMATS, output, name, as_json=as_json, force=force, example=example)
    question = Question(
        load=load_of(rate, arrivals, burstiness),
        bound=bound_of(latency_bound, percentile),
        price=None if price is None else parse_price(price),
        contenders=contenders,
        max_batch=max_batch,
        max_delay_s=max_delay,
        copies=copies,
        setting=_setting(axes),
        replay_s=replay,
    )
    # Nothing may be drawn while a replay is measuring.
    with progress(quiet=replay is not None) as shown:
        shown("Simulating requests ...")
        made = answered(
            load_run(run),
            question,
            folder=run_file(run).parent,
            plugins=installed(settings) if replay is not None else None,
            heard=lambda text: click.echo(f"{text} ...", err=True),
        )
    show(made, FORMATS, destination, "Capacity")
    return 0 if answering(made.capacity) is not None else 1


def _setting(texts: tuple[str, ...]) -> Setting:
    """Return the sizes of the axes that `--axis` gives, one for each.

    Raises:
        UsageError: a text is not an axis with a size, or an axis has several sizes.
    """
    from infer_compare.errors import UsageError
    from infer_compare.request.axes import parse_axis

    sizes: dict[str, int] = {}
    for axis in map(parse_axis, texts):
        if len(axis.sizes) > 1 or axis.name in sizes:
            raise UsageError(f"--axis {axis.name} has several sizes; capacity is about one of them.")
        sizes[axis.name] = axis.sizes[0]
    return tuple(sorted(sizes.items()))
