"""All options of a run, each declared once.

`RunOptions` is what the engine receives and what a run file stores. The options of the command line, the keys of configuration
files, the arguments of `infer_compare.sweep` and the table of options in the documentation are all generated from its fields.
The fields are declared in three modules, in this order: `participants`, `measuring`, and this one.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import msgspec

from infer_compare import limits
from infer_compare.request import values
from infer_compare.request.measuring import ALL, COMPARING, Measuring, Mode, Scope
from infer_compare.request.option import Declared, Option, declarations
from infer_compare.request.participants import DEFAULT_MODEL

__all__ = ["DEFAULT_MODEL", "Mode", "RunOptions", "Scope", "declared"]

Seconds = Annotated[float, msgspec.Meta(ge=limits.SHORTEST_S, le=limits.LONGEST_S)]
Bytes = Annotated[int, msgspec.Meta(ge=1)]

MEASURING = ("run", "tune")


def _time(help: str, example: str, **known: Any) -> Option:  # noqa: A002, ANN401 - as the fields of an option
    """An option whose value is a time with a unit."""
    return Option(help, metavar="TIME", example=example, read=values.seconds, **known)


def _size(help: str, example: str, **known: Any) -> Option:  # noqa: A002, ANN401 - as above
    """An option whose value is a size with a unit."""
    return Option(help, metavar="SIZE", example=example, read=values.size, **known)


class RunOptions(Measuring, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a run. A default of None means that the plan decides."""

    max_error: Annotated[
        Annotated[float, msgspec.Meta(ge=limits.SMALLEST_TOLERANCE, le=limits.LARGEST_TOLERANCE)] | None,
        Option(
            "Largest output error that a contender may have, relative to the largest output.",
            group="answer",
            commands=("tune",),
        ),
    ] = None
    budget: Annotated[
        Seconds | None,
        _time("Approximate measuring time, e.g. 5m.", "5m", commands=MEASURING),
    ] = None
    wait: Annotated[
        Seconds | None,
        _time(
            "Wait up to this long for a quiet machine, such as 5m, before anything is measured.",
            "5m",
            commands=MEASURING,
        ),
    ] = None
    latency_bound: Annotated[
        Seconds | None,
        _time("Find the best throughput within this latency, e.g. 20ms.", "20ms", group="answer", commands=MEASURING),
    ] = None
    percentile: Annotated[
        Annotated[float, msgspec.Meta(ge=50, le=99.9)],
        Option("Latency percentile that must stay within the bound.", group="answer", commands=MEASURING),
    ] = 95.0
    rtol: Annotated[
        Annotated[float, msgspec.Meta(ge=limits.SMALLEST_TOLERANCE, le=limits.LARGEST_TOLERANCE)] | None,
        Option("Relative tolerance when outputs are compared.", commands=ALL),
    ] = None
    allow_error: Annotated[
        bool,
        Option(
            "Also rank contenders whose outputs differ beyond the tolerance, with their output error.",
            group="answer",
            commands=COMPARING,
        ),
    ] = False
    margin: Annotated[
        Annotated[float, msgspec.Meta(ge=limits.SMALLEST_MARGIN, le=limits.LARGEST_MARGIN)] | None,
        Option(
            f"Difference of throughputs within which contenders are the same, from {limits.SMALLEST_MARGIN:.0%} on.",
            group="answer",
            commands=MEASURING,
            metavar="SHARE",
            default=f"{limits.SMALLEST_MARGIN:.0%}",
            example="5%",
            read=values.share,
        ),
    ] = None
    metrics: Annotated[
        tuple[str, ...],
        Option(
            "Also measure these around the timed calls, comma-separated; energy is built in (joules a sample).",
            "names, as a list or as comma-separated text",
            commands=MEASURING,
            metavar="NAMES",
            default="none",
            one_text=True,
            read=values.metrics,
        ),
    ] = ()
    max_memory: Annotated[
        Bytes | None,
        _size("Memory cap per worker, e.g. 4GiB.", "4GiB", group="memory", commands=ALL),
    ] = None
    max_device_memory: Annotated[
        Bytes | None,
        _size("Accelerator memory cap per worker, e.g. 4GiB.", "4GiB", group="memory", commands=MEASURING),
    ] = None
    backstop: Annotated[
        bool,
        Option("Enforce the memory cap in the kernel as well (CPU, Linux).", group="memory"),
    ] = False
    find_limit: Annotated[
        bool,
        Option("Find the largest batch size that fits in memory.", group="memory"),
    ] = False
    timeout: Annotated[
        Seconds,
        _time("Time limit for one reply of a worker.", "60s", commands=ALL, default="60s"),
    ] = 60.0
    price: Annotated[
        str | None,
        Option(
            "Machine price, e.g. 1.20/h; adds the cost per million samples.",
            'such as `"1.20/h"`',
            group="answer",
            commands=MEASURING,
            afterwards=True,
            metavar="PRICE",
        ),
    ] = None
    reports: Annotated[
        tuple[str, ...],
        Option(
            "Write a report to the run folder. Repeatable.",
            "formats of the reports, as after `--report`",
            group="output",
            commands=MEASURING,
            afterwards=True,
            flags=("--report",),
            metavar="FORMAT",
        ),
    ] = ()

    @property
    def latency_bound_ns(self) -> int | None:
        """The latency bound in nanoseconds; None without one."""
        return None if self.latency_bound is None else round(self.latency_bound * 1e9)


@cache
def declared() -> dict[str, Declared]:
    """Return every option by its name, in the order in which help lists them."""
    return declarations(RunOptions)
