"""The entries of a fleet's ledger: the request, and every attempt with its end."""

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
"""How an attempt ended: `incomplete` left questions open, which the run's report lists; `refused` means that the machine may
not run the job; `stopped` was interrupted by the user."""
FINAL: frozenset[EndState] = frozenset({"done", "incomplete"})
"""States of jobs that `fleet resume` does not run again."""


class PlannedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a fleet: one whole run of a model on a kind of machine."""

    id: str
    """Also the name of its run folder."""
    model: str
    """The name of the model in reports."""
    kind: str
    """The name of the kind of machine in reports."""
    labels: dict[str, str] = {}
    """Labels that all machines of the kind have."""
    cpus: int
    gpus: int = 0
    host: str | None = None
    """The host that must run the job; None for any host of the kind."""
    backends: tuple[str, ...] = ()
    """Backends that the machine needs."""
    argv: tuple[str, ...]
    files: dict[str, str] = {}
    """Local paths of the files to ship, by name."""
    price: str | None = None
    """Price of such a machine, as written by the user."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="fleet"):
    """The first entry: the request for the fleet and its planned jobs."""

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
    """The facts that the machine of an attempt reported about itself."""

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
    """The reason as a clause; empty if the job is done."""


def moment() -> str:
    """Return the present time as written in entries: UTC, ISO 8601, in whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


AnyEntry = Asked | AttemptStart | AttemptFacts | AttemptEnd
