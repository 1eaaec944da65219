"""The interface of launchers, which start runs on other machines, such as those of a cluster.

A launcher starts jobs and forwards their events. The core does the rest: it decides which job goes where, runs one job at
a time per host, and handles deadlines, further attempts, resuming, folders and interrupts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec


class Unreachable(Exception):
    """The machines cannot be reached; the message is one sentence that says why and what to do."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One node that jobs can be sent to."""

    id: str
    """The name by which the launcher addresses it."""
    host: str
    """Boot id and host name: the same for all nodes of one host, on which only one job runs at a time."""
    labels: Mapping[str, str] = {}
    """Labels by which it can be selected, such as `instance-type`."""
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
    """Arguments of `infer-compare` on the machine; `{folder}` stands for the run folder there, and `{file:NAME}` for a
    shipped file."""
    files: Mapping[str, Path] = {}
    """Files and folders to ship, by name."""
    module: str = "infer_compare"
    """The Python module to run; checks of launchers run a stand-in."""


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """The job's process has started, with facts about its machine."""

    job: str
    attempt: int
    facts: Mapping[str, str] = {}
    """Processor model, boot id, versions, and what was or could not be repaired."""


class Lines(msgspec.Struct, frozen=True, kw_only=True, tag="lines"):
    """Whole lines of the job's `run.jsonl`, as they were written."""

    job: str
    attempt: int
    offset: int
    """Byte offset in the file. It shows which lines arrived twice or late."""
    text: str


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """The job is alive; sent every few seconds, also while files arrive, before it has started."""

    job: str
    attempt: int


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The job's process ended, by itself or because it was stopped."""

    job: str
    attempt: int
    rc: int
    stderr: str = ""
    """The last lines of its output."""


class Lost(msgspec.Struct, frozen=True, kw_only=True, tag="lost"):
    """The machine or the connection to it is lost; this attempt sends no more events."""

    job: str
    attempt: int
    why: str
    """Why, as a clause."""


Event = Started | Lines | Beat | Ended | Lost


class Launcher(Protocol):
    """Starts jobs on machines and forwards their events. Plugins register the class, which is called without arguments.

    A launcher that needs packages may name their top-level modules in `requires`.
    """

    name: str
    """The value of `--launcher`."""
    install_hint: str
    """The command that installs the required packages."""

    def connect(self, address: str | None, deadline_s: float) -> None:
        """Connect to the machines within a deadline.

        Raises:
            Unreachable: the machines cannot be reached in time.
        """
        ...

    def machines(self) -> Sequence[Machine]:
        """Return the machines that are alive."""
        ...

    def start(self, job: Job) -> None:
        """Start a job and return at once; failures are reported as events."""
        ...

    def events(self, timeout_s: float) -> Iterable[Event]:
        """Return the events that have arrived, possibly none, after waiting at most `timeout_s` seconds."""
        ...

    def stop(self, job: str, grace_s: float) -> None:
        """Interrupt the job as Ctrl-C does, and kill it after `grace_s` seconds; its `Ended` or `Lost` arrives as an event."""
        ...

    def close(self) -> None:
        """End all jobs and leave nothing behind; may be called twice."""
        ...
