"""Messages between the parent and a worker, and how they travel.

A frame is four bytes of length (big endian) and a msgpack document of a tagged union: never pickle, so that
a worker may live in another interpreter, and never standard output, so that chatter of a library cannot
corrupt it. Each request has a number, and its reply carries the same number.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from infer_compare.errors import ProtocolViolation
from infer_compare.interfaces import Device, FailureKind, ModelDescription, ModelSource, OperatingPoint, TensorSpec
from infer_compare.interfaces.bounds import Bytes, Count, Duration, Moment, Nanoseconds, Number
from infer_compare.models.array_names import array_name
from infer_compare.results import Memory, Scope, Series, WorkerEnvironment
from infer_compare.results.slices import Diagnostics, Durations, PhaseTimes, SliceMemory

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
"""Parent and worker must speak the same version; a worker may live in another installation."""

MAX_FRAME = 64 * 1024 * 1024
"""Longer frames are not read: a lying worker must not cost the parent its memory. A slice of 10^6 stamps fits."""

_LENGTH = struct.Struct(">I")

Line = Annotated[str, msgspec.Meta(max_length=4096, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z")]
"""A text of one line."""
Text = Annotated[str, msgspec.Meta(max_length=20_000)]
"""What an error said; workers send less."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the unions; never made itself."""

    number: int = 0


class Open(Message, frozen=True, kw_only=True, tag="open"):
    """Import the backend's framework and make the backend."""

    backend: str
    """See `plugins.BackendEntry.reference`."""
    options: dict[str, str]
    threads: int
    seed: int
    device_memory: int | None = None
    """See `Settings.device_memory`."""
    hurried: bool = False
    """Whether the garbage collector is off meanwhile: nobody is told how long this start took."""
    foreign: bool = False
    """Whether the interpreter is not the parent's, so that its packages are told."""


class Load(Message, frozen=True, kw_only=True, tag="load"):
    """Load the model and put it on the device."""

    model: ModelSource
    device: str
    backstop: int | None = None
    """Cap of resident memory in bytes that the kernel is to help to keep; None leaves that to the watchdog."""


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


class TimeSlice(Message, frozen=True, kw_only=True, tag="time_slice"):
    """Time consecutive iterations."""

    point: OperatingPoint
    scope: Scope
    latency_ns: int
    """What an iteration takes, as the warm-up saw it."""
    series: Series = "latency"
    long_ns: int | None = None
    """Where eight calls take longer, as many are kept as fill this time; None leaves that to the worker."""
    sustain_ns: int = 0
    """How long the `sustained` series runs."""


class Describe(Message, frozen=True, kw_only=True, tag="describe"):
    """Tell what a model is that only the framework can read."""

    model: ModelSource
    folder: str
    """For files that the run needs."""


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


class Bye(Message, frozen=True, kw_only=True, tag="bye"):
    """Close the session and end."""


Request = Open | Load | Inputs | Explore | WarmUp | TimeSlice | Describe | Convert | Collect | Bye


class Begins(Message, frozen=True, kw_only=True, tag="begins"):
    """Not an answer: said before a new operating point is touched, so that a silent death is pinned to it."""

    point: OperatingPoint


class Opened(Message, frozen=True, kw_only=True, tag="opened"):
    """The framework is there."""

    protocol: Count
    version: Line
    devices: Annotated[tuple[Device, ...], msgspec.Meta(max_length=1000)]
    began_ns: Moment
    """When the request was read, by the machine's monotonic clock, which its processes share."""
    import_ns: Nanoseconds
    schedstat: bool
    """Whether the worker can see how long its threads waited."""
    environment: WorkerEnvironment | None = None
    """What it runs in."""


class Loaded(Message, frozen=True, kw_only=True, tag="loaded"):
    """The model is on the device."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    effective: Annotated[dict[Line, Line], msgspec.Meta(max_length=1000)]
    load_ns: Nanoseconds
    to_device_ns: Nanoseconds
    resident: Bytes | None
    asynchronous: bool = False
    """Whether `run` may return before the work is done on this device."""


class Done(Message, frozen=True, kw_only=True, tag="done"):
    """An answer without content."""


class Described(Message, frozen=True, kw_only=True, tag="described"):
    """What the model is."""

    description: ModelDescription


class Explored(Message, frozen=True, kw_only=True, tag="explored"):
    """The operating point ran."""

    prepare_ns: Nanoseconds
    first_call_ns: Nanoseconds
    latency_ns: Duration
    memory: Memory
    written: Annotated[tuple[str, ...], msgspec.Meta(max_length=10_000)] = ()
    """Output files, in the order of the outputs."""
    dtypes: Annotated[tuple[str, ...], msgspec.Meta(max_length=10_000)] = ()
    """What the outputs are made of; a file does not tell `bfloat16` from other raw bytes."""
    again: Annotated[tuple[int, ...], msgspec.Meta(max_length=10_000)] = ()
    """Which outputs were not the same, bit by bit, when the batch was run once more; they are written a second time."""
    diagnostics: Diagnostics | None = None
    """What disturbed the calls."""


class WarmedUp(Message, frozen=True, kw_only=True, tag="warmed_up"):
    """The operating point is staged and steady, or as steady as it gets."""

    prepare_ns: Nanoseconds
    first_call_ns: Nanoseconds
    calls: Count
    total_ns: Nanoseconds
    latency_ns: Duration
    steady: bool
    compilations: Count | None
    settled: bool = False
    """See `WarmUpResult.settled`."""


class Timed(Message, frozen=True, kw_only=True, tag="timed"):
    """A slice."""

    started_ns: Moment
    durations_ns: Durations
    calls_per_stamp: Number
    discarded: Count
    samples: Number | None = None
    phases: PhaseTimes | None
    diagnostics: Diagnostics
    memory: SliceMemory | None = None


class Failure(Message, frozen=True, kw_only=True, tag="failure"):
    """The request raised; the worker lives."""

    kind: FailureKind
    fatal: bool
    error: Text
    """Class of the exception."""
    category: Literal["error", "usage", "model", "unsupported", "untrusted", "device"]
    """`error` for anything the backend raised by accident; else which of our own errors it was."""
    text: Text
    traceback: Text


Reply = Begins | Opened | Loaded | Done | Described | Explored | WarmedUp | Timed | Failure

_encoder = msgspec.msgpack.Encoder()
request_decoder = msgspec.msgpack.Decoder(Request)
reply_decoder = msgspec.msgpack.Decoder(Reply)


def to_bytes(message: Request | Reply) -> bytes:
    """The bytes of a message, without the length before them."""
    return _encoder.encode(message)


def frame(message: Request | Reply) -> bytes:
    """The bytes of a message as it travels."""
    body = to_bytes(message)
    return _LENGTH.pack(len(body)) + body


def send(descriptor: int, message: Request | Reply) -> None:
    """Writes a whole frame; blocks while the pipe is full.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    data = memoryview(frame(message))
    while data:
        data = data[os.write(descriptor, data) :]


def receive_request(descriptor: int) -> Request | None:
    """The next request, or None when the parent has closed the pipe."""
    header = _read(descriptor, _LENGTH.size)
    if header is None:
        return None
    body = _read(descriptor, _LENGTH.unpack(header)[0])
    return None if body is None else request_decoder.decode(body)


def _read(descriptor: int, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)


class ReplyReader:
    """Assembles replies from whatever pieces the pipe gives, without ever blocking."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        """Reads through `read(size)`, which returns `b""` at the end of the pipe."""
        self._read = read
        self._buffer = bytearray()
        self.ended = False

    def feed(self) -> Reply | None:
        """Reads once; the next whole reply, or None when there is none yet.

        Raises:
            ProtocolViolation: what came is not a reply.
        """
        part = self._read(1 << 20)
        if not part:
            self.ended = True
        self._buffer += part
        return self.next()

    def next(self) -> Reply | None:
        """The next whole reply of what was read already."""
        if len(self._buffer) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self._buffer)
        if size > MAX_FRAME:
            raise ProtocolViolation(f"The worker announced a message of {size} bytes, more than any message has.")
        end = _LENGTH.size + size
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        try:
            reply: Reply = reply_decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ProtocolViolation(f"The worker sent something that is not a message: {error}.") from error
        return reply
