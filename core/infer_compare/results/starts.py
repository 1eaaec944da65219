"""What was started, and what that cost."""

from __future__ import annotations

from infer_compare.interfaces.bounds import Bytes, Count, Nanoseconds
from infer_compare.interfaces.models import Provenance
from infer_compare.results.environment import WorkerEnvironment
from infer_compare.results.record import Record


class Start(Record, frozen=True, kw_only=True, tag="start"):
    """A worker that was started, or those of all instances of a contender, with what its start-up cost and what is effective in it."""

    contender: str
    restart: Count
    """0 while exploring."""
    pid: Count
    framework_version: str
    plugin_version: str = ""
    provenance: Provenance
    chain: tuple[str, ...] = ()
    """How the model reached the backend, such as `onnx -> torch (imported)`, or `(imported by PLUGIN)` for a third party's."""
    importer: str = ""
    """The third party's distribution or file that rebuilt an imported model; empty for what comes with infer-compare."""
    device: str
    asynchronous: bool = False
    """Whether `run` may return before the device has done the work."""
    effective: dict[str, str]
    beside: Count = 0
    """Other workers that were started at the same time, at most. While exploring each had a core to itself."""
    processors: tuple[tuple[Count, ...], ...] = ()
    """Logical processors that each of several instances keeps to; empty where they run anywhere."""
    spawn_ns: Nanoseconds
    """Until the process answered."""
    import_ns: Nanoseconds
    """Importing the framework."""
    load_ns: Nanoseconds
    to_device_ns: Nanoseconds
    resident: Bytes | None = None
    """Resident memory, of all instances together, with the model loaded and nothing run."""
    environment: WorkerEnvironment | None = None
    """What it ran in; None in runs of before this was recorded."""
