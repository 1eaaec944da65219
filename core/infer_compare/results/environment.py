"""The conditions of a run: those of the machine, and those of each worker."""

from __future__ import annotations

import msgspec

from infer_compare.interfaces.bounds import Bytes, Number, Quantity, Share


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions under which a run was made."""

    platform: str
    kernel: str
    python: str
    tool_version: str
    cpu: str
    physical_cores: Number
    logical_cores: Number
    usable_cores: Number
    """In the affinity mask and the quota."""
    quota_cores: Share | None = None
    governor: str | None = None
    memory_total: Bytes
    memory_available: Bytes
    """What could still be taken of it, or within `memory_limit`."""
    memory_limit: Bytes | None = None
    """What a control group allows of it, in bytes, where one does."""
    memory_group: str = ""
    """The folder of that control group."""
    swap_total: Bytes = 0
    load_average: tuple[Share, Share, Share] | None = None
    hypervisor: str | None = None
    clock_source: str | None = None
    on_battery: bool | None = None
    gpus: tuple[str, ...] = ()
    schedstat: bool = False
    """Whether the gate can see how long threads waited."""
    variables: dict[str, str] = {}
    """Environment variables that change how frameworks run (OMP_*, MKL_*, TF_*, ...)."""
    packages: dict[str, str] = {}
    """Versions by distribution of what every run depends on, and of plugins that bring no backend. Those that contenders depend
    on are with each of them."""
    warnings: tuple[str, ...] = ()
    peak_flops: dict[str, Quantity] = {}
    """Floating-point operations a second of the fastest matrix product with the thread budget, by dtype."""
    copy_bytes_s: Quantity | None = None
    """Bytes a second that one thread copied in memory."""

    @property
    def usable_memory(self) -> int:
        """The memory that the run could use: what a control group allows, or all that the machine has."""
        return self.memory_total if self.memory_limit is None else self.memory_limit


class WorkerEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker ran in, as it was once its framework was imported."""

    interpreter: str
    """The program that ran it."""
    python: str
    variables: dict[str, str] = {}
    """As in `Environment`; frameworks set some of them when they are imported."""
    packages: dict[str, str] = {}
    """Versions by distribution of what every run depends on and of plugins, where its interpreter is another one than the
    run's."""
