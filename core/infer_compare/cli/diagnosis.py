"""What about this machine and this installation will disturb a measurement."""

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
"""Hardly enough for a worker that has imported one framework."""
LITTLE_ROOM = 256 * 2**20
"""A long run with its inputs may take this much of the disk."""


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """A backend, and whether its framework is installed."""

    backend: str
    version: str = ""
    """Distribution and version, read without importing it; empty where it is not installed."""
    missing: tuple[str, ...] = ()
    """Modules that it requires and that are not installed."""
    install_hint: str = ""


class BrokenPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin that cannot be used."""

    plugin: str
    reason: str


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """How slices that other programs disturb are recognised here."""

    schedstat: bool
    """Whether the kernel counts how long threads waited for a core."""
    process_clocks: bool
    """Whether the processor time of every process on the machine can be read."""
    text: str


class MemoryLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The memory limit that applies to runs: the machine's memory, or a smaller one that a control group sets."""

    kind: Literal["machine", "control group"]
    group: str
    """The folder of the control group; empty where the machine's memory is the limit."""
    size: int
    """Bytes."""
    available: int
    """Bytes that can still be taken."""
    reserve: int
    """Bytes that stay available: a worker is ended before it takes any of them."""
    worker: int
    """Bytes that one worker may hold where `--max-memory` is not given."""


class RunFolder(msgspec.Struct, frozen=True, kw_only=True):
    """Where runs are stored when no folder is named."""

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
    """The thread budget where none is given."""
    gate: Gate
    memory: MemoryLimit
    frameworks: tuple[Framework, ...]
    broken: tuple[BrokenPlugin, ...]
    folder: RunFolder
    advice: tuple[Advice, ...]
    """What will disturb a measurement and what to do, the serious first."""
    serious: bool
    """Whether any of it is."""


def diagnose(plugins: Plugins) -> Diagnosis:
    """Look at the machine for a moment, and at what is installed."""
    from infer_compare.environment import conditions, machine, packages, preflight, threads
    from infer_compare.store import DEFAULT_ROOT

    brought = plugins.distributions
    names = {name for entry in plugins.backends for name in entry.packages}
    environment = machine.describe(names=names | set(packages.plugins()), prefixes=plugins.variables)
    seen = conditions.observe()
    budget = threads.default_threads()
    frameworks = tuple(_frameworks(plugins))
    broken = tuple(BrokenPlugin(plugin=str(one.origin), reason=one.reason) for one in plugins.broken)
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
        advice=tuple(sorted(advice, key=lambda one: not one.serious)),
        serious=any(one.serious for one in advice),
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
        # Both builds of ONNX Runtime bring the same module; the advice says that.
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
    there = next(one for one in (place, *place.parents) if one.exists())
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
    if all(one.missing for one in frameworks if one.backend != REFERENCE):
        hints = [one.install_hint for one in frameworks if one.missing and one.install_hint]
        yield Advice(
            topic="frameworks",
            text="No framework is installed; nothing to compare.",
            advice=f"Install one, for example: {hints[0]}." if hints else "Install one.",
            serious=True,
        )
    for one in broken:
        name = one.plugin.partition(" ")[0]
        yield Advice(
            topic="plugin",
            text=f"The plugin {one.plugin} cannot be used: {one.reason.rstrip('.')}.",
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
