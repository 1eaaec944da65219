"""The replies of a worker."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare.interfaces import (
    Device,
    FailureKind,
    ModelDescription,
    ModelSource,
    OperatingPoint,
    TensorSpec,
    VariantPlan,
)
from infer_compare.interfaces.bounds import Bytes, Count, Duration, Moment, Nanoseconds, Number
from infer_compare.results import Memory, WorkerEnvironment
from infer_compare.results.slices import Diagnostics, Durations, Instances, PhaseTimes, SliceMemory
from infer_compare.worker.protocol.message import Line, Message, Text


class Begins(Message, frozen=True, kw_only=True, tag="begins"):
    """An announcement, not an answer: sent before a new operating point is run, to attribute a sudden death to it."""

    point: OperatingPoint


class Opened(Message, frozen=True, kw_only=True, tag="opened"):
    """The framework has been imported."""

    protocol: Count
    version: Line
    devices: Annotated[tuple[Device, ...], msgspec.Meta(max_length=1000)]
    began_ns: Moment
    """When the request was read, by the machine's monotonic clock, which all processes share."""
    import_ns: Nanoseconds
    schedstat: bool
    """Whether the kernel counts how long the worker's threads wait."""
    environment: WorkerEnvironment | None = None


class Loaded(Message, frozen=True, kw_only=True, tag="loaded"):
    """The model is on the device."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    effective: Annotated[dict[Line, Line], msgspec.Meta(max_length=1000)]
    load_ns: Nanoseconds
    to_device_ns: Nanoseconds
    resident: Bytes | None
    asynchronous: bool = False
    """Whether `run` may return before the device has done the work."""


class Done(Message, frozen=True, kw_only=True, tag="done"):
    """An answer without content."""


class Described(Message, frozen=True, kw_only=True, tag="described"):
    """The description of a model."""

    description: ModelDescription


class PlannedVariant(Message, frozen=True, kw_only=True, tag="planned_variant"):
    """The plan for a variant of the model; None if the model is loaded as it is."""

    plan: VariantPlan | None


class WrittenVariant(Message, frozen=True, kw_only=True, tag="written_variant"):
    """The variant was made."""

    model: ModelSource


class Explored(Message, frozen=True, kw_only=True, tag="explored"):
    """The operating point ran."""

    prepare_ns: Nanoseconds
    first_call_ns: Nanoseconds
    latency_ns: Duration
    memory: Memory
    written: Annotated[tuple[str, ...], msgspec.Meta(max_length=10_000)] = ()
    """Output files, in the order of the outputs."""
    dtypes: Annotated[tuple[str, ...], msgspec.Meta(max_length=10_000)] = ()
    """Dtypes of the outputs, as `.npy` files do not distinguish `bfloat16` from other raw bytes."""
    again: Annotated[tuple[int, ...], msgspec.Meta(max_length=10_000)] = ()
    """Indices of outputs that were not bitwise the same when the batch was run again; they are written a second time."""
    diagnostics: Diagnostics | None = None
    """Counters of disturbances during the calls."""


class WarmedUp(Message, frozen=True, kw_only=True, tag="warmed_up"):
    """The operating point is staged and warmed up."""

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
    """A slice was timed."""

    started_ns: Moment
    durations_ns: Durations
    calls_per_stamp: Number
    discarded: Count
    samples: Number | None = None
    phases: PhaseTimes | None
    diagnostics: Diagnostics
    memory: SliceMemory | None = None
    instances: Instances | None = None
    """Only in a combined answer of several workers; no single worker sends it."""


class Serving(Message, frozen=True, kw_only=True, tag="serving"):
    """The worker is ready for batches."""

    outputs: Bytes
    """Room for the outputs of the largest batch, at the end of the shared file."""


class Answered(Message, frozen=True, kw_only=True, tag="answered"):
    """The outputs of a batch are in the shared file, one after the other."""

    outputs: Bytes
    """The size of all outputs together."""


class Failure(Message, frozen=True, kw_only=True, tag="failure"):
    """The request raised an exception; the worker still runs."""

    kind: FailureKind
    fatal: bool
    error: Text
    """Class of the exception."""
    category: Literal["error", "usage", "model", "unsupported", "untrusted", "device"]
    """The category of an error of this project; `error` for any other exception."""
    text: Text
    traceback: Text


Reply = (
    Begins
    | Opened
    | Loaded
    | Done
    | Described
    | PlannedVariant
    | WrittenVariant
    | Explored
    | WarmedUp
    | Timed
    | Serving
    | Answered
    | Failure
)
