"""Contenders as they were requested, and as they ran."""

from __future__ import annotations

import msgspec

from infer_compare.interfaces.models import Provenance
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part
from infer_compare.results import OutputError


class StartUp(Part, frozen=True, kw_only=True):
    """The start-up time of a contender, measured on the worker that explored, which started while no other worker did."""

    starts: int
    """Number of started workers, including those of restarts, which start at the same time and compete for the cores."""
    spawn_ns: float
    """Time until the process answered."""
    import_ns: float
    """Time of importing the framework."""
    load_ns: float
    to_device_ns: float
    first_call_ns: float | None = None
    """The first call of a fresh worker: median over the workers that began at `first_call_at`."""
    first_call_at: OperatingPoint | None = None
    """The smallest operating point at which a worker began."""
    compile_ns: float | None = None
    """Preparing and the first call of the worker that explored, at its first size, compiling and tuning included."""

    @property
    def total_ns(self) -> float:
        """Everything before the first call."""
        return self.spawn_ns + self.import_ns + self.load_ns + self.to_device_ns


class ContenderReport(Part, frozen=True, kw_only=True):
    """A contender as it was requested, and as it ran."""

    label: str
    name: str
    """Its name in sentences, such as `torch (imported)` for an imported model."""
    backend: str
    device: str
    options: dict[str, str]
    keys: dict[str, str] = msgspec.field(default_factory=dict)
    """Further requested keys: threads, precision, instances, route."""
    python: str | None
    """The Python interpreter of its worker, if another was named."""
    threads: int
    """The thread budget of one instance."""
    instances: int = 1
    """Number of workers that run it at the same time."""
    processors: tuple[tuple[int, ...], ...] = ()
    """The logical processors to which each of several instances was pinned; empty if they were not pinned."""
    remote: bool = False
    """Whether a server does its work: threads, memory and versions are then those of the client."""
    precision: str | None = None
    """The precision in which it computes, as its session reported it."""
    framework_version: str | None = None
    """This and the following fields are None if no worker got far enough to report them."""
    plugin_version: str | None = None
    packages: dict[str, str] = msgspec.field(default_factory=dict)
    """Versions of the distributions of the framework, of its dependencies, and of the converters of the model."""
    provenance: Provenance | None = None
    chain: tuple[str, ...] = ()
    """How the model reached the backend."""
    effective: dict[str, str] = msgspec.field(default_factory=dict)
    """The effective settings: provider, precision, threads, tuning."""
    output_error: OutputError | None = None
    """The worst output error over all points."""
    deviates: bool = False
    """Whether its outputs differ beyond the tolerance, but it is ranked because that was allowed."""
    start_up: StartUp | None = None
    resident_bytes: int | None = None
    """Resident memory with the model loaded, before the first call."""
