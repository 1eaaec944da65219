"""Everything that a run can be asked for, each option declared once.

`RunOptions` is what the engine gets and what a run file keeps. From its fields are made the options of the command line, the
keys of configuration files, the arguments of `infer_compare.sweep`, and the table of options in the documentation.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

import msgspec

from infer_compare import limits
from infer_compare.request import axes, values
from infer_compare.request.contenders import CORE, DEFAULT_BACKENDS, ContenderRequest
from infer_compare.request.option import Declared, Option, declarations

Mode = Literal["quick", "default", "thorough"]
Scope = Literal["device", "end_to_end", "dataset"]
"""What the clock covers."""

DEFAULT_MODEL = "cnn"

Positive = Annotated[int, msgspec.Meta(ge=1)]
Repetitions = Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_REPETITIONS)]
Seconds = Annotated[float, msgspec.Meta(ge=limits.SHORTEST_S, le=limits.LONGEST_S)]
Bytes = Annotated[int, msgspec.Meta(ge=1)]
Threads = Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_THREADS)]
Instances = Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_INSTANCES)]

COMPARING = ("run", "check")
MEASURING = ("run", "tune")
ALL = ("run", "check", "tune")


class RunOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run is asked for. What is None is decided when the plan is made."""

    model: Annotated[
        str,
        Option(
            "Model: a built-in name, a file, or package.module:function.",
            "a built-in name, a file, or `file.py:function`",
            group="model",
            flags=("model",),
        ),
    ] = DEFAULT_MODEL
    models: Annotated[
        dict[str, str],
        Option(
            "Use another model file for one backend (torch=net.pt2) or one contender label. Repeatable.",
            group="model",
            flags=("--model",),
            metavar="[NAME=]MODEL",
        ),
    ] = {}
    name: Annotated[
        Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None,
        Option("What reports call the model.", group="model", metavar="TEXT", default="the name of its file"),
    ] = None
    backends: Annotated[
        tuple[str, ...] | None,
        Option(
            "Backends to compare, comma-separated.",
            "names, as a list or as comma-separated text",
            group="contenders",
            metavar="NAMES",
            default=",".join(DEFAULT_BACKENDS),
            one_text=True,
            read=values.names,
        ),
    ] = None
    contenders: Annotated[
        tuple[str | ContenderRequest, ...] | None,
        Option(
            "Add a contender: NAME or FILE.py:Class, then :key=value,..., then @DEVICE; "
            f"{', '.join(f'{key}=... {text}' for key, text in CORE.items())}. Repeatable.",
            f"texts as after `-b`; or tables with {', '.join(f'`{key}`' for key in ContenderRequest.__struct_fields__)}",
            group="contenders",
            flags=("-b", "--contender"),
            metavar="SPEC",
        ),
    ] = None
    device: Annotated[str, Option("Device for contenders that do not name one.", group="contenders")] = "cpu"
    inputs: Annotated[
        tuple[str, ...],
        Option(
            "Describe an input, e.g. x:f32[batch,3,224,224]=normal(0,1). Repeatable.",
            "texts as after `--input`",
            group="model",
            flags=("--input",),
            metavar="SPEC",
        ),
    ] = ()
    python: Annotated[
        dict[str, str],
        Option(
            "Run one backend with another Python interpreter. Repeatable.",
            "a table by backend",
            group="contenders",
            metavar="BACKEND=PATH",
        ),
    ] = {}
    convert: Annotated[
        bool,
        Option(
            "Do not convert the model; skip backends that cannot load it as it is.",
            "`false` is `--no-convert`",
            group="model",
            flags=("--no-convert",),
        ),
    ] = True
    trust: Annotated[
        bool,
        Option("Load model files that may execute code; use only if you trust their source.", group="model"),
    ] = False
    layout: Annotated[
        dict[str, str],
        Option("Image layout of the model file of one backend. Repeatable.", group="model", metavar="BACKEND=NHWC"),
    ] = {}
    input_map: Annotated[
        tuple[str, ...],
        Option(
            "Map an input of a backend's own model to an input of the run. Repeatable.",
            'texts as after the flag, or a table by backend or label of `own = "run"`',
            group="model",
            metavar="BACKEND:OWN=RUN",
            read=values.maps,
        ),
    ] = ()
    output_map: Annotated[
        tuple[str, ...],
        Option(
            "Map an output of a backend's own model to an output of the run. Repeatable.",
            'texts as after the flag, or a table by backend or label of `own = "run"`',
            group="model",
            metavar="BACKEND:OWN=RUN",
            read=values.maps,
        ),
    ] = ()
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
        Option(
            "Approximate measuring time, e.g. 5m.",
            commands=MEASURING,
            metavar="TIME",
            example="5m",
            read=values.seconds,
        ),
    ] = None
    wait: Annotated[
        Seconds | None,
        Option(
            "Wait up to this long for a quiet machine, such as 5m, before anything is measured.",
            commands=MEASURING,
            metavar="TIME",
            example="5m",
            read=values.seconds,
        ),
    ] = None
    latency_bound: Annotated[
        Seconds | None,
        Option(
            "Find the best throughput within this latency, e.g. 20ms.",
            group="answer",
            commands=MEASURING,
            metavar="TIME",
            example="20ms",
            read=values.seconds,
        ),
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
        Option(
            "Memory cap per worker, e.g. 4GiB.",
            group="memory",
            commands=ALL,
            metavar="SIZE",
            example="4GiB",
            read=values.size,
        ),
    ] = None
    max_device_memory: Annotated[
        Bytes | None,
        Option(
            "Accelerator memory cap per worker, e.g. 4GiB.",
            group="memory",
            commands=MEASURING,
            metavar="SIZE",
            example="4GiB",
            read=values.size,
        ),
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
        Option(
            "Time limit for one reply of a worker.",
            commands=ALL,
            metavar="TIME",
            default="60s",
            example="60s",
            read=values.seconds,
        ),
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
    def taking_part(self) -> tuple[str | ContenderRequest, ...]:
        """Who takes part: the backends that are named, then the contenders; the defaults where nobody is."""
        if self.backends is None and self.contenders is None:
            return DEFAULT_BACKENDS
        return (*(self.backends or ()), *(self.contenders or ()))

    @property
    def thread_counts(self) -> tuple[int, ...]:
        """The numbers of threads that are asked for; none where the machine decides."""
        return (self.threads,) if isinstance(self.threads, int) else self.threads or ()

    @property
    def settings(self) -> tuple[axes.Setting, ...]:
        """Every combination of sizes of the other axes that is asked for; one empty one where no axis is."""
        return axes.settings_of(self.axis)

    @property
    def latency_bound_ns(self) -> int | None:
        """The latency bound as latencies are stored."""
        return None if self.latency_bound is None else round(self.latency_bound * 1e9)


@cache
def declared() -> dict[str, Declared]:
    """Return every option by its name, in the order in which help lists them."""
    return declarations(RunOptions)
