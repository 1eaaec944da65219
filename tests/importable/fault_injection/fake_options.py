"""What the fake backend does, as options, and the curve that it may follow."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare.interfaces import Options

Step = Literal["import", "devices", "load", "to_device", "prepare", "stage", "run", "synchronize", "fetch", "classify"]


def _text(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description)


class FakeOptions(Options, frozen=True, kw_only=True):
    """What the fake does."""

    fixed_us: Annotated[float, _text("Time of a call beside its samples.")] = 200.0
    host_us: Annotated[float, _text("On the accelerator: time until a call returns.")] = 50.0
    per_sample_us: Annotated[float, _text("Time of each sample.")] = 10.0
    per_element_us: Annotated[float, _text("Time of each number of the first input.")] = 0.0
    curve: Annotated[str, _text("JSON file of {batch size: samples per second}; between sizes, interpolated.")] = ""
    drift_per_s: Annotated[float, _text("Relative slowing per second of life.")] = 0.0
    slow_every: Annotated[int, _text("Every so many calls take three times as long; 0 for none.")] = 0
    process_spread: Annotated[float, _text("Relative difference between processes, uniform.")] = 0.0
    start_ms: Annotated[float, _text("Time of the pretended import.")] = 0.0
    bytes_per_sample: Annotated[int, _text("Host memory really touched for each sample of a batch.")] = 0
    oom_above: Annotated[int, _text("Batches above this raise an out-of-memory; 0 for none.")] = 0
    oom_above_elements: Annotated[
        int, _text("Out of memory where batch and other axes together are more; 0 for never.")
    ] = 0
    limit_above: Annotated[int, _text("Batches above this meet an index limit; 0 for none.")] = 0
    ambiguous_above: Annotated[int, _text("Batches above this fail in a way that may be memory; 0 for none.")] = 0
    fail_in: Annotated[Step | Literal[""], _text("The step that raises.")] = ""
    hang_in: Annotated[Step | Literal[""], _text("The step that never returns.")] = ""
    die_in: Annotated[Step | Literal[""], _text("The step in which the process ends by a signal.")] = ""
    die_by: Annotated[Literal["SIGSEGV", "SIGABRT", "SIGKILL"], _text("That signal.")] = "SIGSEGV"
    at_batch: Annotated[int, _text("The batch size at which it fails, hangs or dies; 0 for all.")] = 0
    server: Annotated[
        str, _text("A file that is there while the pretended server answers; none for an empty text.")
    ] = ""
    refuse_above: Annotated[int, _text("Batches above this are too large for the pretended server; 0 for none.")] = 0
    after_calls: Annotated[int, _text("Calls of `run` before it fails, hangs or dies.")] = 0
    outputs: Annotated[
        Literal["right", "coarse", "wrong", "nan", "unstable", "misshapen", "missing"], _text("What it computes.")
    ] = "right"
    chatter: Annotated[bool, _text("Write rubbish to standard output and standard error at every call.")] = False
    violate: Annotated[
        Literal["", "garbage", "oversized", "lie"], _text("What to write to the reply pipe instead.")
    ] = ""
    spoil: Annotated[
        Literal["", "torn", "empty", "pickled", "promising", "pipe", "gone"], _text("What becomes of its output files.")
    ] = ""


def read_curve(path: str) -> dict[int, float]:
    """Samples per second by batch size, from a JSON file; nothing for an empty path."""
    if not path:
        return {}
    with open(path, "rb") as file:  # noqa: PTH123 - one read in a worker
        return msgspec.json.decode(file.read(), type=dict[int, float])


def interpolate(curve: dict[int, float], size: int) -> float:
    """Samples per second at a size, between its neighbours on the curve; beyond its ends, as at the nearest end."""
    sizes = sorted(curve)
    below = max((other for other in sizes if other <= size), default=sizes[0])
    above = min((other for other in sizes if other >= size), default=sizes[-1])
    if below == above:
        return curve[below]
    share = (size - below) / (above - below)
    return curve[below] + share * (curve[above] - curve[below])
