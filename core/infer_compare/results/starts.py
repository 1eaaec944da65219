"""Records of started workers."""

from __future__ import annotations

from infer_compare.interfaces.bounds import Bytes, Count, Nanoseconds
from infer_compare.interfaces.models import Provenance
from infer_compare.results.environment import WorkerEnvironment
from infer_compare.results.record import Record


class Start(Record, frozen=True, kw_only=True, tag="start"):
    """A started worker, or the workers of all instances of a contender, with start-up times and effective settings."""

    contender: str
    restart: Count
    """0 while exploring."""
    pid: Count
    framework_version: str
    plugin_version: str = ""
    provenance: Provenance
    chain: tuple[str, ...] = ()
    """The steps by which the model reached the backend, such as `onnx`, `torch (imported)`; `(imported by PLUGIN)` for a third party's."""
    importer: str = ""
    """The third party's distribution or file that rebuilt an imported model; empty if infer-compare did."""
    device: str
    asynchronous: bool = False
    """Whether `run` may return before the device has done the work."""
    effective: dict[str, str]
    """Settings that are effective in the worker, as its session reports them."""
    beside: Count = 0
    """The most other workers that were started at the same time. While exploring, each had a core to itself."""
    processors: tuple[tuple[Count, ...], ...] = ()
    """Logical processors to which each of several instances is bound; empty if they run anywhere."""
    spawn_ns: Nanoseconds
    """Time until the process answered."""
    import_ns: Nanoseconds
    """Importing the framework."""
    load_ns: Nanoseconds
    to_device_ns: Nanoseconds
    resident: Bytes | None = None
    """Resident memory of all instances together, after loading the model and before any call."""
    environment: WorkerEnvironment | None = None
    """The environment of the worker; None in runs of older versions."""
