"""Contenders as they were asked for, and as they really ran."""

from __future__ import annotations

import msgspec

from infer_compare.interfaces.models import Provenance
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema.part import Part
from infer_compare.results import OutputError


class StartUp(Part, frozen=True, kw_only=True):
    """What it costs to get a contender going, by the worker that explored: it started with a core to itself."""

    starts: int
    """Workers that were started, those of restarts included, which start side by side and are hurried."""
    spawn_ns: float
    """Until the process answered."""
    import_ns: float
    """Importing the framework."""
    load_ns: float
    to_device_ns: float
    first_call_ns: float | None = None
    """The first call of a worker that had run nothing before: median over the workers that began at `first_call_at`."""
    first_call_at: OperatingPoint | None = None
    """The smallest operating point at which a worker began."""
    compile_ns: float | None = None
    """Preparing and the first call in the worker that explored, at the first size that it ran: compiling and tuning included."""

    @property
    def total_ns(self) -> float:
        """Everything before the first call."""
        return self.spawn_ns + self.import_ns + self.load_ns + self.to_device_ns


class ContenderReport(Part, frozen=True, kw_only=True):
    """A contender as it was asked for, and as it really ran."""

    label: str
    name: str
    """What sentences call it: `torch (imported)` where the model is imported."""
    backend: str
    device: str
    options: dict[str, str]
    keys: dict[str, str] = msgspec.field(default_factory=dict)
    """What else was asked of it: threads, precision, instances, route."""
    python: str | None
    """Another interpreter for its worker, where one was named."""
    threads: int
    """The thread budget of one instance."""
    instances: int = 1
    """Workers that run it at the same time."""
    processors: tuple[tuple[int, ...], ...] = ()
    """Logical processors that each of several instances kept to; empty where they ran anywhere."""
    remote: bool = False
    """Whether a server does its work: threads, memory and versions are then those of the client."""
    precision: str | None = None
    """That it computes in, as its session reported it."""
    framework_version: str | None = None
    """None for this and what follows where no worker got as far as telling."""
    plugin_version: str | None = None
    packages: dict[str, str] = msgspec.field(default_factory=dict)
    """Versions by distribution of the framework, of what it rests on, and of what converts the model."""
    provenance: Provenance | None = None
    chain: tuple[str, ...] = ()
    """How the model reached the backend."""
    effective: dict[str, str] = msgspec.field(default_factory=dict)
    """What really ran: provider, precision, threads, tuning."""
    output_error: OutputError | None = None
    """The worst over all points."""
    deviates: bool = False
    """Whether its outputs differ beyond the tolerance, and it is ranked because that was allowed."""
    start_up: StartUp | None = None
    resident_bytes: int | None = None
    """Resident memory with the model loaded and nothing run."""
