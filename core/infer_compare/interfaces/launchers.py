"""What starts runs on machines: the interface of launchers, whose plugins reach clusters.

A launcher starts jobs and forwards what they say. All else is the core's: which job goes where, that a host runs one job at
a time, deadlines of silence, further attempts, resuming, folders, interrupts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec


class Unreachable(Exception):
    """The machines cannot be reached; the text is one sentence that says why and what to do."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One node that jobs can be sent to."""

    id: str
    """As the launcher addresses it."""
    host: str
    """The same for all nodes of one host (boot id and host name): one job runs on a host at a time."""
    labels: Mapping[str, str] = {}
    """What it can be chosen by, such as `instance-type`."""
    cpus: int
    gpus: int = 0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One whole run on one machine."""

    id: str
    attempt: int
    """From 1; events of an earlier attempt are ignored."""
    machine: str
    """`Machine.id`."""
    argv: tuple[str, ...]
    """Of `infer-compare` on the machine, without the program itself; `{folder}` stands for the folder of the run there, and
    `{file:NAME}` for a file that was shipped."""
    files: Mapping[str, Path] = {}
    """Files and folders to ship, by name."""
    module: str = "infer_compare"
    """The program: a Python module there. Checks of launchers run a stand-in."""


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """The job's process runs; what was found out about its machine."""

    job: str
    attempt: int
    facts: Mapping[str, str] = {}
    """Processor model, boot id, versions, what was repaired and what could not be."""


class Lines(msgspec.Struct, frozen=True, kw_only=True, tag="lines"):
    """Whole lines of the job's `run.jsonl`, as they were written."""

    job: str
    attempt: int
    offset: int
    """Byte of the file at which they begin: what came twice or late does no harm."""
    text: str


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """The job is alive; sent every few seconds, also while files arrive, before it has started."""

    job: str
    attempt: int


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The job's process ended by itself or because it was stopped."""

    job: str
    attempt: int
    rc: int
    stderr: str = ""
    """Its last lines."""


class Lost(msgspec.Struct, frozen=True, kw_only=True, tag="lost"):
    """The machine or the way to it is gone; nothing more comes of this attempt."""

    job: str
    attempt: int
    why: str
    """A clause."""


Event = Started | Lines | Beat | Ended | Lost


class Launcher(Protocol):
    """Starts jobs on machines and forwards their events. Made without arguments by its class, which plugins register.

    One that needs packages may name their top-level modules in `requires`.
    """

    name: str
    """What `--launcher` is given."""
    install_hint: str
    """The command that installs what it needs, where that is missing."""

    def connect(self, address: str | None, deadline_s: float) -> None:
        """Reach the machines, within that time.

        Raises:
            Unreachable: it cannot.
        """
        ...

    def machines(self) -> Sequence[Machine]:
        """Return the machines that are alive."""
        ...

    def start(self, job: Job) -> None:
        """Start a job and return at once; whatever goes wrong comes as an event."""
        ...

    def events(self, timeout_s: float) -> Iterable[Event]:
        """Return what came, after waiting for that time at most; maybe nothing."""
        ...

    def stop(self, job: str, grace_s: float) -> None:
        """Ask the job to end as Ctrl-C does, and end it after that time; its `Ended` or `Lost` comes as an event."""
        ...

    def close(self) -> None:
        """End what was started and leave nothing behind; may be called twice."""
        ...
