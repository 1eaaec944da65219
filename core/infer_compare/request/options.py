"""Everything that a run can be asked for, each option declared once.

`RunOptions` is what the engine gets and what a run file keeps. From its fields are made the options of the command line, the
keys of configuration files, the arguments of `infer_compare.sweep`, and the table of options in the documentation.
"""

from __future__ import annotations

import math
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from infer_compare import limits
from infer_compare.errors import UsageError
from infer_compare.request.contenders import DEFAULT_BACKENDS, ContenderRequest
from infer_compare.request.sizes import parse_batch_sizes
from infer_compare.request.units import checked_duration, checked_size, parse_duration, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Mode = Literal["quick", "default", "thorough"]
Scope = Literal["device", "end_to_end", "dataset"]
"""What the clock covers."""

DEFAULT_MODEL = "cnn"

Positive = Annotated[int, msgspec.Meta(ge=1)]
Repetitions = Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_REPETITIONS)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Bytes = Annotated[int, msgspec.Meta(ge=1)]

Group = Literal["who", "how", "told"]
"""Who takes part with which model, how it is measured, and how the result is told."""


class Option(NamedTuple):
    """What is known of an option besides its name, type, limits and default."""

    help: str
    value: str
    """What a file has as the value of its key, in Markdown."""
    group: Group = "how"
    commands: tuple[str, ...] = ("run",)
    """Those that have it."""
    flags: tuple[str, ...] | None = ()
    """Where they are others than the name with dashes; None where there is no flag."""
    choices: Mapping[str, str] = {}
    """Flags that stand for one value each, with what their help says."""
    metavar: str | None = None
    default: str = ""
    """As it would be typed, where the field does not say it."""
    example: str = ""
    """A value with its unit, of an option that needs one in a file."""
    read: Callable[[Any], Any] | None = None
    """Makes the value of what a person wrote; what it does not know it leaves as it is."""


ALL = ("run", "check", "explain")
COMPARING = ("run", "check")


def _names(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _sizes(value: object) -> object:
    if isinstance(value, str):
        return parse_batch_sizes(value)
    sizes = [value] if isinstance(value, int) else value
    if isinstance(sizes, (list, tuple)) and sizes and all(isinstance(size, int) and size > 0 for size in sizes):
        return parse_batch_sizes(",".join(map(str, sizes)))
    return sizes


def _seconds(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    if not 0 < value < math.inf:
        raise UsageError(f"A duration of {value:g} s cannot be; give seconds above zero, or a text such as '20ms'.")
    return checked_duration(float(value), f"{value:g} s")


def _bytes(value: object) -> object:
    if isinstance(value, str):
        return parse_size(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if value <= 0:
        raise UsageError(f"A size of {value} bytes cannot be; give bytes above zero, or a text such as '4GiB'.")
    checked_size(value, f"{value} B")
    return value


def _maps(value: object) -> object:
    if not isinstance(value, dict):
        return value
    tables = msgspec.convert(value, dict[str, dict[str, str]])
    return [f"{owner}:{own}={run}" for owner, pairs in tables.items() for own, run in pairs.items()]


class RunOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run is asked for. What is None is decided when the plan is made."""

    model: Annotated[
        str,
        Option(
            "A built-in name, a file, or package.module:function.",
            "a built-in name, a file, or `file.py:function`",
            group="who",
            commands=ALL,
            flags=("model",),
        ),
    ] = DEFAULT_MODEL
    models: Annotated[
        dict[str, str],
        Option(
            "Another model file for one backend (torch=net.pt2) or for the contender of a label. Repeatable.",
            "a table by backend, or by label of a contender",
            group="who",
            commands=ALL,
            flags=("--model",),
            metavar="[NAME=]MODEL",
        ),
    ] = {}
    backends: Annotated[
        tuple[str, ...] | None,
        Option(
            "Backends by name, comma-separated.",
            "names, as a list or as a text with commas",
            group="who",
            commands=ALL,
            metavar="NAMES",
            default=",".join(DEFAULT_BACKENDS),
            read=_names,
        ),
    ] = None
    contenders: Annotated[
        tuple[str | ContenderRequest, ...] | None,
        Option(
            "One contender: NAME or FILE.py:Class, then :key=value,..., then @DEVICE; label=... names it, route=... says how "
            "the model reaches it. Repeatable.",
            "texts as after `-b`; or tables with `backend`, `options`, `device`, `label` and `route`",
            group="who",
            commands=ALL,
            flags=("-b", "--contender"),
            metavar="SPEC",
        ),
    ] = None
    device: Annotated[
        str, Option("Device of contenders that name none.", "as after its flag", group="who", commands=ALL)
    ] = "cpu"
    inputs: Annotated[
        tuple[str, ...],
        Option(
            "Such as x:f32[batch,3,224,224]=normal(0,1).",
            "texts as after `--input`",
            group="who",
            commands=ALL,
            flags=("--input",),
            metavar="SPEC",
        ),
    ] = ()
    python: Annotated[
        dict[str, str],
        Option(
            "Python interpreter of another environment for one backend. Repeatable.",
            "a table by backend",
            group="who",
            commands=ALL,
            metavar="BACKEND=PATH",
        ),
    ] = {}
    convert: Annotated[
        bool,
        Option(
            "Run only what takes the model as it is.",
            "`false` is `--no-convert`",
            group="who",
            commands=ALL,
            flags=("--no-convert",),
        ),
    ] = True
    trust: Annotated[
        bool,
        Option(
            "Also load model files that could run code of their own.", "`true` or `false`", group="who", commands=ALL
        ),
    ] = False
    layout: Annotated[
        dict[str, str],
        Option(
            "Layout of images in its own model.",
            "a table by backend, or by label of a contender",
            group="who",
            commands=ALL,
            metavar="BACKEND=NHWC",
        ),
    ] = {}
    input_map: Annotated[
        tuple[str, ...],
        Option(
            "Which input one of its own model is.",
            'texts as after the flag, or a table by backend or label of `own = "run"`',
            group="who",
            commands=ALL,
            metavar="BACKEND:OWN=RUN",
            read=_maps,
        ),
    ] = ()
    output_map: Annotated[
        tuple[str, ...],
        Option(
            "Which output one of its own model is.",
            'texts as after the flag, or a table by backend or label of `own = "run"`',
            group="who",
            commands=ALL,
            metavar="BACKEND:OWN=RUN",
            read=_maps,
        ),
    ] = ()
    batch_sizes: Annotated[
        tuple[Positive, ...] | None,
        Option(
            "1,2,4 or 1:1024:x2 or 1:80:+1 or auto.",
            'a list of sizes, one size, or a text such as `"1:1024:x2"` or `"auto"`',
            commands=COMPARING,
            metavar="SIZES",
            default="auto",
            read=_sizes,
        ),
    ] = None
    scope: Annotated[
        Scope,
        Option(
            "What the clock covers: running, also bringing data to the device and back, or a whole pass over --data.",
            '`"device"`, `"end_to_end"` or `"dataset"`',
        ),
    ] = "device"
    data: Annotated[
        str | None,
        Option(
            "Take inputs from a .npz file, a folder of .npy files or module:callable.",
            "as after its flag",
            commands=COMPARING,
            metavar="DATA",
        ),
    ] = None
    threads: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_THREADS)] | None,
        Option("Thread budget of every backend.", "a number", commands=COMPARING, default="physical cores"),
    ] = None
    seed: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=limits.LARGEST_SEED)],
        Option("Of weights, inputs and order.", "a number", commands=ALL),
    ] = 0
    mode: Annotated[
        Mode,
        Option(
            "How often it is repeated.",
            '`"quick"`, `"default"` or `"thorough"`',
            choices={"quick": "Fewer repetitions.", "thorough": "More repetitions."},
        ),
    ] = "default"
    restarts: Annotated[
        Repetitions | None,
        Option("Instead of the mode's own number.", "a number in the place of the mode's own; no flag", flags=None),
    ] = None
    rounds: Annotated[
        Repetitions | None,
        Option(
            "Of each restart, instead of the mode's own number.",
            "a number in the place of the mode's own; no flag",
            flags=None,
        ),
    ] = None
    budget: Annotated[
        Seconds | None,
        Option("Use about this much time, such as 5m.", 'such as `"5m"`', metavar="TIME", example="5m", read=_seconds),
    ] = None
    latency_bound: Annotated[
        Seconds | None,
        Option(
            "Answer for this latency bound, such as 20ms.",
            'such as `"20ms"`',
            metavar="TIME",
            example="20ms",
            read=_seconds,
        ),
    ] = None
    percentile: Annotated[
        Annotated[float, msgspec.Meta(ge=50, le=99.9)],
        Option("At which the latency bound must hold.", "a number"),
    ] = 95.0
    rtol: Annotated[
        Annotated[float, msgspec.Meta(ge=limits.SMALLEST_TOLERANCE, le=limits.LARGEST_TOLERANCE)] | None,
        Option("Tolerance for the agreement of outputs.", "a number", commands=COMPARING),
    ] = None
    max_memory: Annotated[
        Bytes | None,
        Option(
            "Cap of one worker's memory, such as 4GiB.",
            'such as `"4GiB"`',
            commands=COMPARING,
            metavar="SIZE",
            example="4GiB",
            read=_bytes,
        ),
    ] = None
    max_device_memory: Annotated[
        Bytes | None,
        Option(
            "What a framework may take of an accelerator's memory.",
            'such as `"4GiB"`',
            metavar="SIZE",
            example="4GiB",
            read=_bytes,
        ),
    ] = None
    backstop: Annotated[
        bool, Option("Also have the kernel refuse memory beyond the cap (CPU, Linux).", "`true` or `false`")
    ] = False
    find_limit: Annotated[
        bool, Option("Also search for the largest batch that fits into memory.", "`true` or `false`")
    ] = False
    timeout: Annotated[
        Seconds,
        Option(
            "For one answer of a worker.",
            'such as `"60s"`',
            commands=COMPARING,
            metavar="TIME",
            default="60s",
            example="60s",
            read=_seconds,
        ),
    ] = 60.0
    price: Annotated[
        str | None,
        Option(
            "What the machine costs, such as 1.20/h: also tell what samples cost.",
            'such as `"1.20/h"`',
            group="told",
            metavar="PRICE",
        ),
    ] = None
    reports: Annotated[
        tuple[str, ...],
        Option(
            "Also leave a report in the run folder.",
            "formats of the reports, as after `--report`",
            group="told",
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
    def latency_bound_ns(self) -> int | None:
        """The latency bound as latencies are stored."""
        return None if self.latency_bound is None else round(self.latency_bound * 1e9)


class Declared(NamedTuple):
    """An option as it was declared: its field, and what is known besides."""

    name: str
    type: Any
    """With its limits."""
    default: Any
    option: Option

    @property
    def kind(self) -> Any:  # noqa: ANN401 - any form of type
        """The type without limits and None: `int`, `dict`, `tuple`, `Literal`, ..."""
        return _bare(self.type)

    @property
    def bounds(self) -> msgspec.Meta:
        """What its value is held to."""
        return next(_metas(self.type), msgspec.Meta())

    @property
    def several(self) -> bool:
        """Whether it is given once for each of its values."""
        return self.kind in {tuple, dict} and self.option.read not in {_names, _sizes}

    @property
    def flags(self) -> tuple[str, ...]:
        """What is typed for it; the name alone of an argument."""
        if self.option.flags is None:
            return ()
        if self.option.choices:
            return tuple(f"--{choice}" for choice in self.option.choices)
        return self.option.flags or (f"--{self.name.replace('_', '-')}",)


@cache
def declared() -> dict[str, Declared]:
    """Return every option by its name, in the order in which help lists them."""
    options = {}
    for field in msgspec.structs.fields(RunOptions):
        # Annotations in one another are one: the bounds stand before the option.
        kind, *bounds, option = get_args(field.type)
        for bound in bounds:
            kind = Annotated[kind, bound]
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        options[field.name] = Declared(field.name, kind, default, option)
    return options


def _metas(kind: Any) -> Iterator[msgspec.Meta]:  # noqa: ANN401 - any form of type
    if get_origin(kind) in {Union, UnionType, Annotated}:
        for part in get_args(kind):
            yield from _metas(part)
    elif isinstance(kind, msgspec.Meta):
        yield kind


def _bare(kind: Any) -> Any:  # noqa: ANN401 - any form of type
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return _bare(next(part for part in get_args(kind) if part is not NoneType))
    return get_origin(kind) or kind
