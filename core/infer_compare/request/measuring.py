"""The options of a run about what is measured and how often."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare import limits
from infer_compare.request import axes, values
from infer_compare.request.option import Option
from infer_compare.request.participants import Participants

Mode = Literal["quick", "default", "thorough"]
Scope = Literal["device", "end_to_end", "dataset"]
"""What the clock covers."""

Positive = Annotated[int, msgspec.Meta(ge=1)]
Repetitions = Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_REPETITIONS)]
Threads = Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_THREADS)]
Instances = Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_INSTANCES)]

COMPARING = ("run", "check")
ALL = ("run", "check", "tune")


class Measuring(Participants, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Batch sizes and other axes, threads, precisions and instances, and the number of repetitions."""

    batch_sizes: Annotated[
        tuple[Positive, ...] | None,
        Option(
            "Batch sizes: 1,2,4 or 1:1024:x2 or 1:80:+1 or auto.",
            'a list of sizes, one size, or a text such as `"1:1024:x2"` or `"auto"`',
            commands=ALL,
            metavar="SIZES",
            default="auto",
            one_text=True,
            read=values.batch_sizes,
        ),
    ] = None
    axis: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=axes.AXIS_PATTERN)], ...],
        Option(
            "Sizes of another free axis of the inputs, e.g. seq=16,64,128 or seq=16:512:x2. Repeatable.",
            "texts as after `--axis`, or a table such as `{seq = [16, 64, 128]}`",
            commands=(*COMPARING, "explain"),
            metavar="NAME=SIZES",
            read=axes.read_axes,
        ),
    ] = ()
    mix: Annotated[
        tuple[str, ...],
        Option(
            "Share of the samples of each size of an axis, e.g. seq=16:0.5,64:0.3,128:0.2; adds one answer over all. Repeatable.",
            "texts as after `--mix`, or a table such as `{seq = {16 = 0.5, 64 = 0.5}}`",
            group="answer",
            afterwards=True,
            metavar="NAME=SIZE:SHARE,...",
            read=axes.read_mixes,
        ),
    ] = ()
    scope: Annotated[
        Scope,
        Option(
            "What is timed: the model call only, the call with copies to and from the device, or a whole pass over --data."
        ),
    ] = "device"
    data: Annotated[
        str | None,
        Option(
            "Read inputs from a .npz file, a folder of .npy files, module:callable, or a data set of a plugin.",
            group="model",
            commands=(*ALL, "explain"),
            metavar="DATA",
        ),
    ] = None
    threads: Annotated[
        tuple[Threads, ...] | Threads | None,
        Option(
            "Threads of one instance of a contender; several, such as 1,2,4, make a contender of each.",
            'a number, a list of numbers, or a text such as `"1,2"`',
            group="contenders",
            commands=ALL,
            metavar="N,...",
            default="physical cores",
            one_text=True,
            read=values.threads,
        ),
    ] = None
    precisions: Annotated[
        tuple[str, ...] | None,
        Option(
            "Run every contender in each of these precisions, such as float32,bfloat16,int8.",
            "names, as a list or as comma-separated text",
            group="contenders",
            commands=("run", "check", "explain"),
            metavar="NAMES",
            default="the model's own",
            one_text=True,
            read=values.precisions,
        ),
    ] = None
    instances: Annotated[
        tuple[Instances | Literal["auto"], ...] | None,
        Option(
            "Run every contender as so many copies at the same time, such as 1,2; auto tries all splits of the threads.",
            'a number, a list, or a text such as `"1,2"` or `"auto"`',
            group="contenders",
            commands=COMPARING,
            metavar="N,...",
            default="1",
            one_text=True,
            read=values.instances,
        ),
    ] = None
    seed: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=limits.LARGEST_SEED)],
        Option("Seed for weights, inputs and measuring order.", group="model"),
    ] = 0
    mode: Annotated[
        Mode,
        Option(
            "How many repetitions are planned.",
            choices={"quick": "Plan fewer repetitions.", "thorough": "Plan more repetitions."},
        ),
    ] = "default"
    restarts: Annotated[
        Repetitions | None,
        Option("Number of restarts; overrides the mode.", "a number; no flag", flags=None),
    ] = None
    rounds: Annotated[
        Repetitions | None,
        Option(
            "Rounds per restart; overrides the mode.",
            "a number; no flag",
            flags=None,
        ),
    ] = None
    race: Annotated[
        bool,
        Option(
            "Drop contenders that cannot be the fastest, as `infer-compare tune` does.",
            "`true` or `false`; no flag, and it needs a `budget`",
            flags=None,
        ),
    ] = False

    @property
    def thread_counts(self) -> tuple[int, ...]:
        """The requested numbers of threads; empty if the machine decides."""
        return (self.threads,) if isinstance(self.threads, int) else self.threads or ()

    @property
    def settings(self) -> tuple[axes.Setting, ...]:
        """Every combination of sizes of the requested axes besides the batch; a single empty setting without axes."""
        return axes.settings_of(self.axis)
