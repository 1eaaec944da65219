"""What a fleet's ledger holds: what was asked for, and every attempt with its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from infer_compare.fleet.machines import Per
from infer_compare.interfaces.launchers import Machine

LEDGER_SCHEMA = "infer-compare/fleet"
LEDGER_VERSION = (1, 0)
"""Major and minor: a reader refuses another major and ignores unknown fields of a newer minor."""

EndState = Literal["done", "incomplete", "failed", "lost", "refused", "stopped"]
"""How an attempt ended: `incomplete` left questions open, as the run's own report says; `refused` was not to run on that
machine; `stopped` was interrupted by the user."""
FINAL: frozenset[EndState] = frozenset({"done", "incomplete"})
"""What `fleet resume` does not run again."""


class PlannedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A model on a kind of machine: one whole run."""

    id: str
    """Also the name of its run folder."""
    model: str
    """What reports call the model."""
    kind: str
    """What tells its machines from others, for people."""
    labels: dict[str, str] = {}
    """Of all machines of the kind."""
    cpus: int
    gpus: int = 0
    host: str | None = None
    """The host that it is bound to; any of the kind when None."""
    backends: tuple[str, ...] = ()
    """Which the machine needs."""
    argv: tuple[str, ...]
    files: dict[str, str] = {}
    """Paths here of what is shipped, by name."""
    price: str | None = None
    """Of such a machine."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="fleet"):
    """The first line: what was asked for."""

    schema: str = LEDGER_SCHEMA
    version: tuple[int, int] = LEDGER_VERSION
    created: str
    """UTC, ISO 8601."""
    tool_version: str
    command: tuple[str, ...] = ()
    """As it was typed."""
    launcher: str
    address: str | None = None
    machines: tuple[str, ...]
    per: Per
    attempts: int
    jobs: tuple[PlannedJob, ...]


class AttemptStart(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="attempt"):
    """A job was sent to a machine."""

    job: str
    attempt: int
    at: str
    machine: Machine


class AttemptFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="facts"):
    """What its machine is."""

    job: str
    attempt: int
    facts: dict[str, str]


class AttemptEnd(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="end"):
    """How an attempt ended."""

    job: str
    attempt: int
    at: str
    state: EndState
    rc: int | None = None
    why: str = ""
    """A clause, where it is not done."""


def moment() -> str:
    """Return the present time as entries have it: UTC, ISO 8601, in whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


AnyEntry = Asked | AttemptStart | AttemptFacts | AttemptEnd
