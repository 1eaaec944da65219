"""The outcomes of a point: a closed union, matched with `assert_never`.

As in all records, durations are in integer nanoseconds and sizes in bytes.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Duration, Nanoseconds, Number, Quantity

Phase = Literal["start", "load", "explore", "agree", "warm_up", "measure", "confirm", "limit"]
"""What a worker was doing."""

OomEvidence = Literal["raised", "cap", "machine", "kernel", "stderr", "repeated"]
"""How it is known that memory did not suffice: the framework raised an error, the watchdog killed the worker at the cap or to
save the machine, the kernel killed it, its standard error said so, or a fresh worker died at the same point again."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """The memory figures of an operating point; figures of different kinds are never compared with each other."""

    resident: Bytes | None = None
    """Peak resident memory of the worker (VmHWM, reset before the measurement)."""
    allocated: Bytes | None = None
    """Peak of live tensors on the device, by the framework's own allocator."""
    reserved: Bytes | None = None
    """Peak memory that the framework's allocator held on the device."""
    retries: Count = 0
    """Allocations that succeeded only after caches were emptied."""
    major_faults: Count = 0
    """Pages read from disk after the first call; if there are any, the timing is suspect."""
    swapped: Bytes = 0
    """Bytes of the worker that were swapped out meanwhile: it ran, but did not fit."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The base class of the union; never instantiated itself."""


class Measured(Outcome, frozen=True, kw_only=True, tag="measured"):
    """The contender ran here. These are the rough figures of exploring; the precise ones come from the rounds."""

    prepare_ns: Nanoseconds
    """Building, tracing or tuning before the first call."""
    first_call_ns: Nanoseconds
    """The first call, including compilation and lazy initialisation."""
    latency_ns: Duration
    """Lower quartile of a few warm calls; rough, never ranked."""
    memory: Memory = msgspec.field(default_factory=Memory)


class OutOfMemory(Outcome, frozen=True, kw_only=True, tag="out_of_memory"):
    """Memory did not suffice: a result, not a failure."""

    reason: str
    evidence: OomEvidence
    phase: Phase


class LimitReached(Outcome, frozen=True, kw_only=True, tag="limit_reached"):
    """A limit of the framework other than memory, such as a 32-bit index."""

    reason: str
    phase: Phase


class TimedOut(Outcome, frozen=True, kw_only=True, tag="timed_out"):
    """The worker did not answer before its deadline, and was killed."""

    deadline_s: Quantity
    phase: Phase
    stderr_tail: str = ""


class Died(Outcome, frozen=True, kw_only=True, tag="died"):
    """The worker process ended by itself or by a signal."""

    exit_code: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31)]
    """The exit status; negative for a signal."""
    signal: str | None
    """Such as `SIGSEGV`."""
    phase: Phase
    stderr_tail: str = ""


class Unavailable(Outcome, frozen=True, kw_only=True, tag="unavailable"):
    """The server that does the contender's work was not reached. A resumed run tries again."""

    error: str
    """The class of the error."""
    reason: str
    phase: Phase
    tries: Number = 1
    """Number of attempts to connect, each by a fresh worker."""


class Failed(Outcome, frozen=True, kw_only=True, tag="failed"):
    """The backend raised an ordinary error."""

    error: str
    """The class of the error."""
    reason: str
    phase: Phase
    traceback: str = ""


class Skipped(Outcome, frozen=True, kw_only=True, tag="skipped"):
    """The contender was not run here, for a reason."""

    reason: str


AnyOutcome = Measured | OutOfMemory | LimitReached | TimedOut | Died | Unavailable | Failed | Skipped
