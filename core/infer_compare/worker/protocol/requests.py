"""The requests of the parent to a worker."""

from __future__ import annotations

import os

import msgspec

from infer_compare.interfaces import ModelSource, OperatingPoint
from infer_compare.models.array_names import array_name
from infer_compare.results import Scope, Series
from infer_compare.worker.protocol.message import Message


class Open(Message, frozen=True, kw_only=True, tag="open"):
    """Import the backend's framework, and make the backend."""

    backend: str
    """See `plugins.BackendEntry.reference`."""
    options: dict[str, str]
    threads: int
    precision: str | None = None
    """See `Settings.precision`."""
    instances: int = 1
    """See `Settings.instances`."""
    processors: tuple[int, ...] = ()
    """Logical processors to which the worker binds itself; empty for all."""
    seed: int
    device_memory: int | None = None
    """See `Settings.device_memory`."""
    hurried: bool = False
    """Whether to switch off the garbage collector during the start, whose duration is then not reported."""
    foreign: bool = False
    """Whether the interpreter is not the parent's; the worker then reports its packages."""


class Load(Message, frozen=True, kw_only=True, tag="load"):
    """Load the model, and bring it to the device."""

    model: ModelSource
    device: str
    backstop: int | None = None
    """Cap of resident memory in bytes that the kernel enforces too; None leaves that to the watchdog."""
    siblings: tuple[int, ...] = ()
    """Processes of the contender's other instances, which do not count as other programs."""


class Inputs(Message, frozen=True, kw_only=True, tag="inputs"):
    """Map the input rows: one `.npy` file per input, which is never copied whole."""

    paths: tuple[str, ...]
    axes: tuple[tuple[int, ...], ...] = ()
    """For each input, the permutation of the file's axes to the order of the model; empty if they stay."""
    shared: tuple[bool, ...] = ()
    """For each input, whether it has no batch axis, and the only row in its file serves every batch; empty if all have one."""
    dtypes: tuple[str, ...] = ()
    """Dtypes of the inputs, as `.npy` files do not distinguish `bfloat16` from other raw bytes."""
    free: tuple[tuple[tuple[int, str], ...], ...] = ()
    """For each input, the axes of a row in its file whose size varies between operating points, with their names; empty if no
    input has such axes."""
    dataset: tuple[str, ...] = ()
    """The whole data set as one file per input, if passes over it are timed."""


class Explore(Message, frozen=True, kw_only=True, tag="explore"):
    """Run an operating point a few times: to see whether it fits, its rough latency and its memory."""

    point: OperatingPoint
    calls: int = 3
    """How often it must run to count as fitting."""
    budget_ns: int = 50_000_000
    """How long further calls are made to estimate the latency."""
    outputs: str | None = None
    """Folder to write outputs to; None for no outputs."""
    rows: tuple[int, ...] = ()
    """Rows of the outputs to write."""
    axes: tuple[int, ...] = ()
    """The batch axis of each output, along which the rows are; -1 if the model declares none, when axis 0 is used only if it is as
    long as the batch. Axis 0 for outputs that are not listed."""
    first_row: int = 0
    """The row of the input pool at which the batch begins."""
    repeat_rows: bool = False
    """Whether a batch longer than the pool repeats its rows, which suffices for measuring memory."""

    def output_path(self, index: int, *, again: bool = False) -> str:
        """Return the file of an output, or that of the output when the batch was run again.

        Raises:
            ValueError: no outputs are requested.
        """
        if self.outputs is None:
            raise ValueError("no outputs are asked for")
        return os.path.join(self.outputs, array_name(index, self.point, first_row=self.first_row, again=again))  # noqa: PTH118 - pathlib is slow to load


class WarmUp(Message, frozen=True, kw_only=True, tag="warm_up"):
    """Stage the input buffers of an operating point, and run it until its speed is steady."""

    point: OperatingPoint
    scope: Scope
    brief: bool = False
    """Whether two windows that agree suffice, because earlier workers reached their final speed at once."""
    known_ns: int | None = None
    """Duration of an iteration in slices of earlier workers; None if it is not known."""


class Stage(Message, frozen=True, kw_only=True, tag="stage"):
    """Stage the input buffers of an operating point that was warmed up, unless they are staged already."""

    point: OperatingPoint
    scope: Scope


class TimeSlice(Message, frozen=True, kw_only=True, tag="time_slice"):
    """Time consecutive iterations."""

    point: OperatingPoint
    scope: Scope
    latency_ns: int
    """Duration of an iteration according to the warm-up."""
    series: Series = "latency"
    long_ns: int | None = None
    """If eight calls take longer, a slice has only the calls that fill this time; None for the default of the worker."""
    long_calls: int | None = None
    """The fewest calls of such a slice; None for the default of the worker."""
    sustain_ns: int = 0
    """How long the `sustained` series runs."""
    core_ns: int | None = None
    """The slice waits a moment if a fixed computation takes longer than this on its core; None to begin at once."""
    start_ns: int | None = None
    """When the first call is made, by the machine's monotonic clock, the same for all instances; None for at once."""


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """The place of the rows of one input in a shared file."""

    offset: int
    """In bytes."""
    shape: tuple[int, ...]
    """Of the largest batch, with the axes in the order of the run's rows."""
    dtype: str
    """The dtype string of numpy, as in `.npy` files."""


class Serve(Message, frozen=True, kw_only=True, tag="serve"):
    """Prepare to answer `ServeBatch`, until another kind of request comes."""

    path: str
    """The shared file, which the worker extends by the room for outputs."""
    points: tuple[OperatingPoint, ...]
    """Points to prepare; batches may have any size up to the largest."""
    rooms: tuple[Room, ...]
    """One for each mapped input, in the same order."""


class ServeBatch(Message, frozen=True, kw_only=True, tag="batch"):
    """Run the first rows in the shared file, and write the outputs to it."""

    rows: int


class Describe(Message, frozen=True, kw_only=True, tag="describe"):
    """Describe a model that only the framework can read."""

    model: ModelSource
    folder: str
    """For files that the run needs."""


class PlanVariant(Message, frozen=True, kw_only=True, tag="plan_variant"):
    """Plan a variant of a model in the precision with which the backend was opened."""

    model: ModelSource
    device: str


class WriteVariant(Message, frozen=True, kw_only=True, tag="write_variant"):
    """Make the planned variant, calibrated with rows of the mapped inputs."""

    model: ModelSource
    device: str
    folder: str
    """The folder to write to."""
    rows: int = 0
    """Number of rows for calibration; 0 if none are mapped."""
    batch: int = 1
    """Batch size of the calibration."""


class Convert(Message, frozen=True, kw_only=True, tag="convert"):
    """Convert a model to another format."""

    converter: str
    """See `plugins.ConverterEntry.reference`."""
    model: ModelSource
    target: str
    """The file or folder to write."""


class Collect(Message, frozen=True, kw_only=True, tag="collect"):
    """Call a function that makes data, or load a data set of a plugin, and write the arrays."""

    location: str
    folder: str
    dataset: str = ""
    """Data set of a plugin, see `plugins.DatasetEntry.reference`; `location` is then only its name."""
    seed: int = 0


class Bye(Message, frozen=True, kw_only=True, tag="bye"):
    """Close the session, and end the process."""


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
