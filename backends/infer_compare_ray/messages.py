"""What the launcher and its driver say to each other: one JSON object a line."""

from __future__ import annotations

import msgspec

from infer_compare.launchers import Beat, Ended, Job, Lines, Lost, Machine, Started


class Connect(msgspec.Struct, frozen=True, kw_only=True, tag="connect"):
    """Reach the cluster whose head listens there, or start a private Ray where it is None."""

    address: str | None


class Start(msgspec.Struct, frozen=True, kw_only=True, tag="start"):
    """Start that job."""

    job: Job
    files: dict[str, str] = {}
    """The paths of its files, which JSON has no type for."""


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """End that job, by force after so many seconds."""

    job: str
    grace_s: float


class ListMachines(msgspec.Struct, frozen=True, kw_only=True, tag="list"):
    """Say which machines are alive."""


Command = Start | Stop | ListMachines
"""Whatever comes after `Connect`."""


class Connected(msgspec.Struct, frozen=True, kw_only=True, tag="connected"):
    """The cluster is reached."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """It cannot be reached."""

    why: str
    """A sentence."""


class Machines(msgspec.Struct, frozen=True, kw_only=True, tag="machines"):
    """The machines that are alive."""

    machines: list[Machine]


Answer = Connected | Refused | Machines
Said = Answer | Started | Lines | Beat | Ended | Lost
"""Whatever the driver says."""
