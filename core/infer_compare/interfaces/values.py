"""The values that cross the border between the core and a backend."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Size
from infer_compare.limits import LARGEST_DEVICE, LONGEST_KIND, whole_number

API_VERSION = 2
"""The version of the plugin interface. A backend of a version that is not spoken is refused with a sentence."""

DeviceKind = str
"""`cpu`, `cuda`, or a word that a third party's backend defines."""


class FailureKind(StrEnum):
    """What an exception means for the operating point at which it was raised."""

    NO = "no"
    """An ordinary error: neither memory nor a limit."""
    OOM = "oom"
    """The memory of the host or of the device did not suffice."""
    LIMIT = "limit"
    """A limit of the framework other than memory, such as a 32-bit index."""
    AMBIGUOUS = "ambiguous"
    """Seen for out-of-memory and for other causes; a fresh worker must repeat it before it counts."""
    UNAVAILABLE = "unavailable"
    """A connection failed: what does the work elsewhere, such as a server, was not reached. A fresh worker tries again, a few
    times; then the contender is left out, and a resumed run tries it once more."""


class Classification(msgspec.Struct, frozen=True):
    """What `Backend.classify` says of an exception."""

    kind: FailureKind
    fatal: bool = False
    """True when the process cannot be used any more, such as after a device-side assertion."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend can do, declared on its class and readable without its framework."""

    formats: tuple[str, ...] = ()
    """Model formats that `load` takes and that the framework's own reader reads, such as `onnx`, `pt2` or `keras`."""
    describes: tuple[str, ...] = ()
    """Formats of which `describe` is overridden to say what a model is. `callable` is a function of the user's that
    returns a model of this framework."""
    imports: tuple[str, ...] = ()
    """Formats of which the backend's own code reads the graph and rebuilds it inside `load`; curves made so are labelled
    `imported`."""
    suffixes: dict[str, tuple[str, ...]] = {}
    """By format, how the names of its files end, such as `{"tflite": (".tflite",)}`: files of these names can then be run.
    `.xml+.bin` is a file with another one of the same name beside it; `/saved_model.pb` is a folder that holds that file."""
    device_kinds: tuple[DeviceKind, ...] = ("cpu",)
    precisions: tuple[str, ...] = ("float32",)
    """What a contender can be asked to compute in with `precision=`; see `Settings.precision`."""
    peak_memory: bool = False
    """True when `Session.peak_memory` returns the framework's own peak on at least one device kind."""
    asynchronous: tuple[DeviceKind, ...] = ()
    """Device kinds other than `cpu` on which `run` may return before the work is done. There a slice lasts at
    least a second, and two more series are timed: with one batch queued ahead, which is the throughput, and until `run`
    returns."""
    remote: bool = False
    """True when another process or machine does the work, such as a server that the backend is a client of. Threads, memory,
    busy machine and versions then say something of the client alone, and reports say that they do. `Session.effective` has
    to tell under `server` where the work is done, and can tell under `same_machine`, by `yes` or `no`, whether that is this
    machine; otherwise the address decides."""

    def overlaps(self, kind: DeviceKind) -> bool:
        """Return whether batches are enqueued ahead on devices of that kind.

        The processor never qualifies, even where `asynchronous` names it: a batch that was enqueued ahead there is computed
        by the cores that prepare the next one, on threads beyond the budget. Every call is waited for instead.
        """
        return kind != "cpu" and kind in self.asynchronous


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a backend's typed options. Each field has a default and a `msgspec.Meta(description=...)`.

    No field is called `label`, `route`, `python`, `threads`, `precision` or `instances`: these are read of every contender.
    """


class Device(msgspec.Struct, frozen=True):
    """One device that a framework can use on this machine."""

    kind: DeviceKind
    index: Count = 0
    description: str = ""
    memory_bytes: Bytes | None = None

    @classmethod
    def parse(cls, text: str) -> Device:
        """Return the device that `cpu`, `cuda` or `cuda:1` names; `ValueError` for anything else."""
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
    """The machine, as `Backend.candidates` sees it."""

    cpu_flags: frozenset[str] = frozenset()
    """What the processor can do, as the Linux kernel names it, such as `avx512_bf16`, `amx_int8` or `avx_vnni`."""
    physical_cores: Count = 1
    """That the run may use."""
    device_kinds: tuple[DeviceKind, ...] = ("cpu",)
    """The kinds of devices that the contenders are to run on."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend object is made with."""

    options: Options
    threads: int
    """The thread budget for the computation on the host; to be applied before the first tensor is made."""
    precision: str | None = None
    """One of `Capabilities.precisions`, which the session has to compute in; None for the precision of the model itself,
    which a framework must not lower by its own choice. See also `Backend.plan_variant`."""
    instances: int = 1
    """How many workers like this one run at the same time, each with that thread budget."""
    seed: int = 0
    device_memory: int | None = None
    """Bytes that the framework's own allocator may take of an accelerator's memory; None for all of it. Where the framework
    wants a share of the memory, see `device_memory_fraction`."""


class OperatingPoint(msgspec.Struct, frozen=True, order=True):
    """What a contender is run at: a batch size, and the sizes of other named axes."""

    batch: Size
    axes: tuple[tuple[str, Size], ...] = ()

    def with_batch(self, batch: int) -> OperatingPoint:
        """Return the point with another batch size and the same sizes of the other axes."""
        return OperatingPoint(batch, self.axes)

    def __str__(self) -> str:
        """`batch 8`, or `batch 8, seq 128`."""
        return ", ".join(f"{name} {size}" for name, size in (("batch", self.batch), *self.axes))


class MemoryReading(msgspec.Struct, frozen=True, kw_only=True):
    """What the framework's own allocator says about a device since the last reset, in bytes."""

    allocated: int | None = None
    """Peak of memory in live tensors."""
    reserved: int | None = None
    """Peak of memory that the allocator held."""
    retries: int = 0
    """Allocations that succeeded only after the allocator had emptied its caches; timings are then suspect."""
