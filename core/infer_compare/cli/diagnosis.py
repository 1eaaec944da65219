"""Finds what will disturb measurements on this machine or in this installation."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.environment.preflight import Advice
from infer_compare.request.contenders import REFERENCE
from infer_compare.results.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infer_compare.environment.conditions import Conditions
    from infer_compare.plugins import Plugins

LITTLE_MEMORY = 256 * 2**20
"""Bytes that are barely enough for a worker that has imported one framework."""
LITTLE_ROOM = 256 * 2**20
"""Bytes of disk space that a long run with its inputs may take."""


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """A backend, and whether its framework is installed."""

    backend: str
    version: str = ""
    """Distribution and version, read without importing it; empty if it is not installed."""
    missing: tuple[str, ...] = ()
    """Required modules that are not installed."""
    install_hint: str = ""


class BrokenPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin that cannot be used."""

    plugin: str
    reason: str


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """How slices disturbed by other programs are recognised on this machine."""

    schedstat: bool
    """Whether the kernel counts how long threads waited for a core."""
    process_clocks: bool
    """Whether the processor time of every process on the machine can be read."""
    text: str


class MemoryLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The memory limit of runs: the machine's memory, or a smaller limit set by a control group."""

    kind: Literal["machine", "control group"]
    group: str
    """The folder of the control group; empty if the machine's memory is the limit."""
    size: int
    """Bytes."""
    available: int
    """Bytes that are still available."""
    reserve: int
    """Bytes kept in reserve: a worker is killed before it uses any of them."""
    worker: int
    """Bytes that one worker may use unless `--max-memory` is given."""


class RunFolder(msgspec.Struct, frozen=True, kw_only=True):
    """The default folder of runs."""

    path: str
    free: int
    """Bytes."""
    writable: bool


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What `infer-compare doctor --json` prints."""

    schema: str = "infer-compare/doctor"
    version: tuple[int, int] = (1, 1)
    environment: Environment
    threads: int
    """The default thread budget."""
    gate: Gate
    memory: MemoryLimit
    frameworks: tuple[Framework, ...]
    broken: tuple[BrokenPlugin, ...]
    folder: RunFolder
    advice: tuple[Advice, ...]
    """What will disturb a measurement and what to do about it, serious problems first."""
    serious: bool
    """Whether any of the advice is serious."""


def diagnose(plugins: Plugins) -> Diagnosis:
    """Return a diagnosis from a short observation of the machine and the installed plugins."""
    from infer_compare.environment import conditions, machine, packages, preflight, threads
    from infer_compare.store import DEFAULT_ROOT

    brought = plugins.distributions
    names = {name for entry in plugins.backends for name in entry.packages}
    environment = machine.describe(names=names | set(packages.plugins()), prefixes=plugins.variables)
    seen = conditions.observe()
    budget = threads.default_threads()
    frameworks = tuple(_frameworks(plugins))
    broken = tuple(BrokenPlugin(plugin=str(plugin.origin), reason=plugin.reason) for plugin in plugins.broken)
    folder = _folder(DEFAULT_ROOT)
    memory = _memory()
    advice = [
        *preflight.warnings(environment, seen, budget, brought),
        *_little_memory(memory),
        *_installation(frameworks, broken),
        *_storage(folder),
    ]
    return Diagnosis(
        environment=environment,
        threads=budget,
        gate=_gate(environment, seen),
        memory=memory,
        frameworks=frameworks,
        broken=broken,
        folder=folder,
        advice=tuple(sorted(advice, key=lambda item: not item.serious)),
        serious=any(item.serious for item in advice),
    )


def _memory() -> MemoryLimit:
    from infer_compare.environment import memory

    limit = memory.limit()
    return MemoryLimit(
        kind=limit.kind,
        group=limit.group,
        size=limit.size,
        available=limit.available,
        reserve=limit.reserve,
        worker=limit.share(memory.CAP_SHARE),
    )


def _little_memory(memory: MemoryLimit) -> Iterator[Advice]:
    if memory.worker < LITTLE_MEMORY:
        where = "the machine" if memory.kind == "machine" else "the control group"
        raised = "close other programs" if memory.kind == "machine" else "raise the limit (docker run --memory 2g)"
        yield Advice(
            topic="memory",
            text=f"A worker may use {memory.worker / 2**20:.0f} MiB: {where} has {memory.available / 2**20:.0f} MiB "
            f"of {memory.size / 2**20:.0f} MiB left, and {memory.reserve / 2**20:.0f} MiB stay in reserve.",
            advice=f"Most frameworks need more than that to start; {raised}.",
            serious=True,
        )


def _frameworks(plugins: Plugins) -> Iterator[Framework]:
    from infer_compare import distributions
    from infer_compare.foreign import one_line

    owners = distributions.owners({module for entry in plugins.backends for module in entry.requires})
    for entry in plugins.backends:
        # Both builds of ONNX Runtime provide the same module, which the advice reports.
        names = dict.fromkeys(name for module in entry.requires for name in owners[module])
        version = one_line(", ".join(f"{name} {distributions.version(name)}" for name in names))
        yield Framework(
            backend=entry.name,
            version="" if entry.missing else version,
            missing=entry.missing,
            install_hint=entry.install_hint,
        )


def _folder(root: Path) -> RunFolder:
    place = root.absolute()
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    return RunFolder(path=str(place), free=shutil.disk_usage(there).free, writable=os.access(there, os.W_OK | os.X_OK))


def _gate(environment: Environment, seen: Conditions) -> Gate:
    if seen.foreign_cores is None:
        text = "this system does not report the load of other programs; disturbed slices cannot be rejected"
    elif not environment.schedstat:
        text = "from the load of the whole machine, in slices of 200 ms"
    elif seen.blind:
        text = "from thread wait times (schedstat) and idle time; other programs cannot be named"
    else:
        text = "from thread wait times (schedstat) and the CPU time of each process"
    visible = not seen.blind and seen.foreign_cores is not None
    return Gate(schedstat=environment.schedstat, process_clocks=visible, text=text)


def _installation(frameworks: tuple[Framework, ...], broken: tuple[BrokenPlugin, ...]) -> Iterator[Advice]:
    if all(framework.missing for framework in frameworks if framework.backend != REFERENCE):
        hints = [framework.install_hint for framework in frameworks if framework.missing and framework.install_hint]
        yield Advice(
            topic="frameworks",
            text="No framework is installed; nothing to compare.",
            advice=f"Install one, for example: {hints[0]}." if hints else "Install one.",
            serious=True,
        )
    for plugin in broken:
        name = plugin.plugin.partition(" ")[0]
        yield Advice(
            topic="plugin",
            text=f"The plugin {plugin.plugin} cannot be used: {plugin.reason.rstrip('.')}.",
            advice=f"Fix or uninstall it, or pass --no-plugin {name}; other plugins are not affected.",
        )


def _storage(folder: RunFolder) -> Iterator[Advice]:
    if not folder.writable:
        yield Advice(
            topic="storage",
            text=f"The run folder {folder.path} cannot be written.",
            advice="Change to another folder, or name one with -o.",
            serious=True,
        )
    if folder.free < LITTLE_ROOM:
        yield Advice(
            topic="storage",
            text=f"The disk of the run folder {folder.path} has {folder.free / 2**20:.0f} MiB left.",
            advice="Free some space, or name a folder on another disk with -o.",
            serious=True,
        )
