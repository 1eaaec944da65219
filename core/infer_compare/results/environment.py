"""Records of the environment of a run and of each of its workers."""

from __future__ import annotations

import msgspec

from infer_compare.interfaces.bounds import Bytes, Number, Quantity, Share


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The machine and software on which a run was made."""

    platform: str
    kernel: str
    python: str
    tool_version: str
    cpu: str
    physical_cores: Number
    logical_cores: Number
    usable_cores: Number
    """Cores within the affinity mask and the quota."""
    quota_cores: Share | None = None
    governor: str | None = None
    memory_total: Bytes
    memory_available: Bytes
    """Memory that was still free, on the machine or within `memory_limit`."""
    memory_limit: Bytes | None = None
    """The limit of a control group in bytes, if there is one."""
    memory_group: str = ""
    """The folder of that control group."""
    swap_total: Bytes = 0
    load_average: tuple[Share, Share, Share] | None = None
    hypervisor: str | None = None
    clock_source: str | None = None
    on_battery: bool | None = None
    gpus: tuple[str, ...] = ()
    schedstat: bool = False
    """Whether the kernel counts how long threads wait."""
    variables: dict[str, str] = {}
    """Environment variables that change how frameworks run (OMP_*, MKL_*, TF_*, ...)."""
    packages: dict[str, str] = {}
    """Versions by distribution of what every run depends on, and of plugins without a backend. Versions on which contenders depend
    are in their specs."""
    warnings: tuple[str, ...] = ()
    peak_flops: dict[str, Quantity] = {}
    """Floating-point operations per second of the fastest matrix product with the thread budget, by dtype."""
    copy_bytes_s: Quantity | None = None
    """Bytes per second that one thread copied in memory."""

    @property
    def usable_memory(self) -> int:
        """The memory that the run could use: the limit of a control group, or all memory of the machine."""
        return self.memory_total if self.memory_limit is None else self.memory_limit


class WorkerEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """The environment of one worker, after its framework was imported."""

    interpreter: str
    """The path of the Python interpreter."""
    python: str
    variables: dict[str, str] = {}
    """As in `Environment`; frameworks set some of them when they are imported."""
    packages: dict[str, str] = {}
    """Versions by distribution of what every run depends on and of plugins, if its interpreter is not that of the run."""
