"""What the parent asks of a worker."""

from __future__ import annotations

import os

import msgspec

from infer_compare.interfaces import ModelSource, OperatingPoint
from infer_compare.models.array_names import array_name
from infer_compare.results import Scope, Series
from infer_compare.worker.protocol.message import Message


class Open(Message, frozen=True, kw_only=True, tag="open"):
    """Import the backend's framework and make the backend."""

    backend: str
    """See `plugins.BackendEntry.reference`."""
    options: dict[str, str]
    threads: int
    precision: str | None = None
    """See `Settings.precision`."""
    instances: int = 1
    """See `Settings.instances`."""
    processors: tuple[int, ...] = ()
    """Logical processors that the worker keeps to; empty for all that there are."""
    seed: int
    device_memory: int | None = None
    """See `Settings.device_memory`."""
    hurried: bool = False
    """Whether the garbage collector is off meanwhile, where the time of this start is not reported."""
    foreign: bool = False
    """Whether the interpreter is not the parent's, whose packages are then reported."""


class Load(Message, frozen=True, kw_only=True, tag="load"):
    """Load the model and put it on the device."""

    model: ModelSource
    device: str
    backstop: int | None = None
    """Cap of resident memory in bytes that the kernel is to help to keep; None leaves that to the watchdog."""
    siblings: tuple[int, ...] = ()
    """Processes of the contender's other instances: what they use is not taken by other programs."""


class Inputs(Message, frozen=True, kw_only=True, tag="inputs"):
    """Where the rows of input lie: one `.npy` file per input, mapped and never copied whole."""

    paths: tuple[str, ...]
    axes: tuple[tuple[int, ...], ...] = ()
    """For each input the axes of the file in the order in which the model takes them; empty as they are."""
    shared: tuple[bool, ...] = ()
    """For each input whether it has no batch axis, and the only row in its file serves every batch; empty where all have
    one."""
    dtypes: tuple[str, ...] = ()
    """For each input what its file holds: `.npy` files do not tell `bfloat16` from other raw bytes."""
    free: tuple[tuple[tuple[int, str], ...], ...] = ()
    """For each input the axes of a row in its file whose size is that of the operating point, with their names; empty where
    none has one."""
    dataset: tuple[str, ...] = ()
    """The whole data set, where passes over it are timed: one file per input."""


class Explore(Message, frozen=True, kw_only=True, tag="explore"):
    """Run one operating point a few times: whether it fits, roughly how fast, with how much memory."""

    point: OperatingPoint
    calls: int = 3
    """How often it must run to count as fitting."""
    budget_ns: int = 50_000_000
    """Further calls are made for this long, to know the latency roughly."""
    outputs: str | None = None
    """Folder to write outputs to; None for no outputs."""
    rows: tuple[int, ...] = ()
    """Rows of the outputs to write."""
    axes: tuple[int, ...] = ()
    """The batch axis of each output, along which these rows lie; -1 where the model declares none, and axis 0 is it only
    if it is as long as the batch. Axis 0 where nothing is said."""
    first_row: int = 0
    """Where in the pool of input rows the batch begins."""
    repeat_rows: bool = False
    """Whether a batch longer than the pool repeats its rows: where only memory is asked about."""

    def output_path(self, index: int, *, again: bool = False) -> str:
        """Return the file that an output is written to, or that of the second of two identical calls.

        Raises:
            ValueError: no outputs are asked for.
        """
        if self.outputs is None:
            raise ValueError("no outputs are asked for")
        return os.path.join(self.outputs, array_name(index, self.point, first_row=self.first_row, again=again))  # noqa: PTH118 - pathlib is slow to load


class WarmUp(Message, frozen=True, kw_only=True, tag="warm_up"):
    """Stage the input buffers of an operating point and run it until it is steady."""

    point: OperatingPoint
    scope: Scope
    brief: bool = False
    """Whether two windows that agree suffice: an earlier worker was as fast at once as it was later."""
    known_ns: int | None = None
    """What an iteration took in slices of earlier workers, where it is long; None where that is not known."""


class Stage(Message, frozen=True, kw_only=True, tag="stage"):
    """Stage the input buffers of an operating point that was warmed up, where another one is staged."""

    point: OperatingPoint
    scope: Scope


class TimeSlice(Message, frozen=True, kw_only=True, tag="time_slice"):
    """Time consecutive iterations."""

    point: OperatingPoint
    scope: Scope
    latency_ns: int
    """What an iteration takes, as the warm-up saw it."""
    series: Series = "latency"
    long_ns: int | None = None
    """Where eight calls take longer, as many are kept as fill this time; None leaves that to the worker."""
    long_calls: int | None = None
    """But so many at least."""
    sustain_ns: int = 0
    """How long the `sustained` series runs."""
    start_ns: int | None = None
    """The machine's monotonic clock at which the first call is made, the same for all instances; None for at once."""


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rows of one input lie in a file that parent and worker map."""

    offset: int
    """In bytes."""
    shape: tuple[int, ...]
    """Of the largest batch, with the axes in the order of the run's rows."""
    dtype: str
    """Of numpy, as `.npy` files write it."""


class Serve(Message, frozen=True, kw_only=True, tag="serve"):
    """Get ready to answer `ServeBatch`, until anything else is asked."""

    path: str
    """The file; the worker makes it longer by what the outputs need."""
    points: tuple[OperatingPoint, ...]
    """To be prepared; every batch size up to the largest can be asked for."""
    rooms: tuple[Room, ...]
    """One for each input that was mapped, in that order."""


class ServeBatch(Message, frozen=True, kw_only=True, tag="batch"):
    """Run the first rows that lie in the shared file, and put the outputs there."""

    rows: int


class Describe(Message, frozen=True, kw_only=True, tag="describe"):
    """Tell what a model is that only the framework can read."""

    model: ModelSource
    folder: str
    """For files that the run needs."""


class PlanVariant(Message, frozen=True, kw_only=True, tag="plan_variant"):
    """Tell which model is to be made of one for the precision that the backend was opened with."""

    model: ModelSource
    device: str


class WriteVariant(Message, frozen=True, kw_only=True, tag="write_variant"):
    """Make that model, calibrated with rows of the inputs that were mapped."""

    model: ModelSource
    device: str
    folder: str
    """Where to write."""
    rows: int = 0
    """How many rows it is calibrated with; none were mapped where it is 0."""
    batch: int = 1
    """How many of them are in one batch."""


class Convert(Message, frozen=True, kw_only=True, tag="convert"):
    """Write a model as one of another format."""

    converter: str
    """See `plugins.ConverterEntry.reference`."""
    model: ModelSource
    target: str
    """The file or folder to write."""


class Collect(Message, frozen=True, kw_only=True, tag="collect"):
    """Call a function that makes data, and write what it returns."""

    location: str
    folder: str
    dataset: str = ""
    """Of a plugin, see `plugins.DatasetEntry.reference`; then `location` is only its name."""
    seed: int = 0


class Bye(Message, frozen=True, kw_only=True, tag="bye"):
    """Close the session and end."""


Request = (
    Open
    | Load
    | Inputs
    | Explore
    | WarmUp
    | Stage
    | TimeSlice
    | Serve
    | ServeBatch
    | Describe
    | PlanVariant
    | WriteVariant
    | Convert
    | Collect
    | Bye
)
