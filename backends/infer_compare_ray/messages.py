"""The messages between the launcher and its driver: one JSON object per line."""

from __future__ import annotations

import msgspec

from infer_compare.launchers import Beat, Ended, Job, Lines, Lost, Machine, Started


class Connect(msgspec.Struct, frozen=True, kw_only=True, tag="connect"):
    """Connect to the cluster whose head listens at `address`, or start a private Ray if it is None."""

    address: str | None


class Start(msgspec.Struct, frozen=True, kw_only=True, tag="start"):
    """Start a job."""

    job: Job
    files: dict[str, str] = {}
    """Paths of the job's files by name, as texts: JSON has no type for paths."""


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """Ask a job to end, and kill it after `grace_s`."""

    job: str
    grace_s: float


class ListMachines(msgspec.Struct, frozen=True, kw_only=True, tag="list"):
    """List the machines that are alive."""


Command = Start | Stop | ListMachines
"""The commands after `Connect`."""


class Connected(msgspec.Struct, frozen=True, kw_only=True, tag="connected"):
    """The driver is connected to the cluster."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The cluster cannot be reached."""

    why: str
    """A sentence."""


class Machines(msgspec.Struct, frozen=True, kw_only=True, tag="machines"):
    """The machines that are alive."""

    machines: list[Machine]


Answer = Connected | Refused | Machines
Said = Answer | Started | Lines | Beat | Ended | Lost
"""All messages that the driver sends."""
