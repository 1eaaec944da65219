"""The values that the core and backends exchange."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Size
from infer_compare.limits import LARGEST_DEVICE, LONGEST_KIND, whole_number

API_VERSION = 2
"""The version of the plugin interface. A backend of an unsupported version is refused."""

DeviceKind = str
"""`cpu`, `cuda`, or a kind that a third-party backend defines."""


class FailureKind(StrEnum):
    """What an exception means for the operating point at which it was raised."""

    NO = "no"
    """An ordinary error: neither memory nor a limit."""
    OOM = "oom"
    """The memory of the host or of the device did not suffice."""
    LIMIT = "limit"
    """A limit of the framework other than memory, such as a 32-bit index."""
    AMBIGUOUS = "ambiguous"
    """Can mean out of memory or something else; it counts only if a fresh worker repeats it."""
    UNAVAILABLE = "unavailable"
    """A connection to a server or another remote process failed. Fresh workers try again a few times; then the contender is
    skipped, and a resumed run tries it once more."""


class Classification(msgspec.Struct, frozen=True):
    """The meaning of an exception, returned by `Backend.classify`."""

    kind: FailureKind
    fatal: bool = False
    """True if the process cannot be used any more, such as after a device-side assertion."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """The capabilities of a backend, declared on its class and readable without its framework."""

    formats: tuple[str, ...] = ()
    """Model formats that `load` reads with the framework's own reader, such as `onnx`, `pt2` or `keras`."""
    describes: tuple[str, ...] = ()
    """Formats that the backend's `describe` handles. `callable` is a user's function that returns a model of this framework."""
    imports: tuple[str, ...] = ()
    """Formats whose graph the backend's own code reads and rebuilds inside `load`; their curves are labelled `imported`."""
    suffixes: dict[str, tuple[str, ...]] = {}
    """File suffixes by format, such as `{"tflite": (".tflite",)}`: files with these suffixes can then be run. `.xml+.bin` means
    a file with another of the same name beside it; `/saved_model.pb` means a folder that contains this file."""
    device_kinds: tuple[DeviceKind, ...] = ("cpu",)
    precisions: tuple[str, ...] = ("float32",)
    """The values of `precision=` that the backend supports; see `Settings.precision`."""
    peak_memory: bool = False
    """True if `Session.peak_memory` returns the framework's own peak on at least one device kind."""
    asynchronous: tuple[DeviceKind, ...] = ()
    """Device kinds other than `cpu` on which `run` may return before the work is done. On these a slice lasts at least a
    second, and two more series are timed: with one batch queued ahead, which gives the throughput, and until `run` returns."""
    remote: bool = False
    """True if another process or machine does the work, such as a server of which the backend is a client. Threads, memory,
    load and versions then describe only the client, and reports say so. `Session.effective` must name the server under
    `server`, and can state under `same_machine`, with `yes` or `no`, whether it is this machine; otherwise the address decides."""

    def overlaps(self, kind: DeviceKind) -> bool:
        """Return whether batches are queued ahead on devices of a kind.

        The CPU never qualifies, even if `asynchronous` names it: a batch that is queued ahead there is computed by the cores
        that prepare the next batch, on threads beyond the budget. Instead, the harness waits for every call.
        """
        return kind != "cpu" and kind in self.asynchronous


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a backend's typed options. Each field has a default and a `msgspec.Meta(description=...)`.

    No field may be called `label`, `route`, `python`, `threads`, `precision` or `instances`: every contender has these.
    """


class Device(msgspec.Struct, frozen=True):
    """One device that a framework can use on this machine."""

    kind: DeviceKind
    index: Count = 0
    description: str = ""
    memory_bytes: Bytes | None = None

    @classmethod
    def parse(cls, text: str) -> Device:
        """Parse `cpu`, `cuda` or `cuda:1`; raise `ValueError` for anything else."""
        kind, colon, index = text.strip().lower().partition(":")
        if not (kind.isidentifier() and kind.isascii() and len(kind) <= LONGEST_KIND):
            raise ValueError(f"{text!r} is not a device; write cpu, cuda or cuda:1")
        if not colon:
            return cls(kind)
        if not index.isdecimal():
            raise ValueError(f"{text!r} is not a device; write cpu, cuda or cuda:1")
        if kind == "cpu" and index.strip("0"):
            raise ValueError(f"there is no {text.strip()}: all processors together are one device, cpu")
        return cls(kind, whole_number(index, 0, LARGEST_DEVICE))

    def __str__(self) -> str:
        """`cpu`, or kind and index."""
        return self.kind if self.kind == "cpu" else f"{self.kind}:{self.index}"


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of the machine, for `Backend.candidates`."""

    cpu_flags: frozenset[str] = frozenset()
    """Processor flags, as the Linux kernel names them, such as `avx512_bf16`, `amx_int8` or `avx_vnni`."""
    physical_cores: Count = 1
    """Cores that the run may use."""
    device_kinds: tuple[DeviceKind, ...] = ("cpu",)
    """The kinds of devices on which the contenders will run."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings with which a backend object is created."""

    options: Options
    threads: int
    """The thread budget for computation on the host; apply it before creating the first tensor."""
    precision: str | None = None
    """The precision in which the session must compute, one of `Capabilities.precisions`; None for that of the model itself,
    which a framework must not lower on its own. See also `Backend.plan_variant`."""
    instances: int = 1
    """How many workers like this one run at the same time, each with this thread budget."""
    seed: int = 0
    device_memory: int | None = None
    """Bytes of an accelerator's memory that the framework's allocator may take; None for all. For frameworks that take a share
    instead, see `device_memory_fraction`."""


class OperatingPoint(msgspec.Struct, frozen=True, order=True):
    """The sizes at which a contender runs: a batch size, and the sizes of other named axes."""

    batch: Size
    axes: tuple[tuple[str, Size], ...] = ()

    def with_batch(self, batch: int) -> OperatingPoint:
        """Return the point with another batch size and the same sizes of the other axes."""
        return OperatingPoint(batch, self.axes)

    def __str__(self) -> str:
        """`batch 8`, or `batch 8, seq 128`."""
        return ", ".join(f"{name} {size}" for name, size in (("batch", self.batch), *self.axes))


class MemoryReading(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the framework's allocator for a device since the last reset, in bytes."""

    allocated: int | None = None
    """Peak of memory in live tensors."""
    reserved: int | None = None
    """Peak of memory that the allocator held."""
    retries: int = 0
    """Allocations that succeeded only after the allocator had emptied its caches; timings are then suspect."""
