"""How a point ended: a closed union, matched with `assert_never`.

Every duration is in integer nanoseconds and every size in bytes, here as in all records.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Duration, Nanoseconds, Number, Quantity

Phase = Literal["start", "load", "explore", "agree", "warm_up", "measure", "confirm", "limit"]
"""What a worker was doing."""

OomEvidence = Literal["raised", "cap", "machine", "kernel", "stderr", "repeated"]
"""How it is known that memory did not suffice: the framework raised it, our watchdog killed the worker at the cap
or to save the machine, the kernel killed it, the process said so as it died, or a fresh worker died there again."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Memory figures of one operating point; figures of different kinds are never compared with each other."""

    resident: Bytes | None = None
    """Peak resident memory of the worker (VmHWM, reset before the measurement)."""
    allocated: Bytes | None = None
    """Peak of live tensors on the device, by the framework's own allocator."""
    reserved: Bytes | None = None
    """Peak that the framework's allocator held on the device."""
    retries: Count = 0
    """Allocations that succeeded only after caches were emptied."""
    major_faults: Count = 0
    """Pages read from disk after the first call; above zero the timing is suspect."""
    swapped: Bytes = 0
    """Bytes of the worker that went into swap meanwhile: it ran, and did not fit."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the union; never made itself."""


class Measured(Outcome, frozen=True, kw_only=True, tag="measured"):
    """The contender ran here. Precise figures come from the rounds; these are what exploring saw."""

    prepare_ns: Nanoseconds
    """Building, tracing or tuning before the first call."""
    first_call_ns: Nanoseconds
    """The first call, compilation and lazy initialisation included."""
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
    """The worker did not answer before its deadline, and was ended."""

    deadline_s: Quantity
    phase: Phase
    stderr_tail: str = ""


class Died(Outcome, frozen=True, kw_only=True, tag="died"):
    """The worker process ended by itself or by a signal."""

    exit_code: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31)]
    """As `waitpid` gives it; negative for a signal."""
    signal: str | None
    """Such as `SIGSEGV`."""
    phase: Phase
    stderr_tail: str = ""


class Unavailable(Outcome, frozen=True, kw_only=True, tag="unavailable"):
    """What does the contender's work elsewhere, such as a server, was not reached. A resumed run tries again."""

    error: str
    """The class of the error."""
    reason: str
    phase: Phase
    tries: Number = 1
    """Connections that were tried, each by a fresh worker."""


class Failed(Outcome, frozen=True, kw_only=True, tag="failed"):
    """The backend raised an ordinary error."""

    error: str
    """The class of the error."""
    reason: str
    phase: Phase
    traceback: str = ""


class Skipped(Outcome, frozen=True, kw_only=True, tag="skipped"):
    """Not run, and why."""

    reason: str


AnyOutcome = Measured | OutOfMemory | LimitReached | TimedOut | Died | Unavailable | Failed | Skipped
