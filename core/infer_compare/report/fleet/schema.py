"""The document over the runs of a fleet: everything that its report shows, and the version of its schema.

Throughput is in samples a second, latency in nanoseconds. What is not known is null; NaN and infinity never appear.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema import Price

FLEET_SCHEMA = "infer-compare/fleet-report"
FLEET_VERSION = (1, 0)
"""Major and minor: a field is removed or changes its meaning with a new major only."""

JobOutcome = Literal["waiting", "done", "incomplete", "failed", "lost", "refused", "stopped"]
"""`waiting`: not run yet, or interrupted before its end was known; the others as in the ledger."""


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it ended: one model on one machine."""

    job: str
    model: str
    machine: str
    """The kind of machine, in a few words."""
    host: str = ""
    """The host that ran it."""
    cpu: str = ""
    labels: dict[str, str] = {}
    state: JobOutcome
    why: str = ""
    """Why it is not done, as a clause."""
    attempts: int = 0
    page: str = ""
    """The page of its run, as a path from the report's folder; empty where there is none."""
    cautions: tuple[str, ...] = ()
    """What disturbed the machine and could not be repaired, a clause each."""


class MachineBest(msgspec.Struct, frozen=True, kw_only=True):
    """The best of a run on its machine, for one setting of the axes other than the batch."""

    job: str
    axes: tuple[tuple[str, int], ...] = ()
    contender: str
    name: str
    point: OperatingPoint
    bound: str = ""
    """The latency bound that it is shown to keep; empty where none was asked for."""
    estimate: bool
    """Whether no verdict of its run carries it."""
    throughput: float
    spread: float | None = None
    """Half the width of its 95 % interval, relative to it."""
    latency_ns: float | None = None
    """The median; at the percentile of the bound where there is one."""
    per_million: float | None = None
    """What a million samples cost there, in the currency of the price."""


class JobReport(JobFacts, frozen=True, kw_only=True):
    """A job with the answers of its run."""

    price: Price | None = None
    bests: tuple[MachineBest, ...] = ()
    partial: bool = False
    """Whether the figures are those of a run that did not come to its end."""


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the machines come to for one model and one setting of its axes; without a verdict, since machines are not paired."""

    model: str
    axes: tuple[tuple[str, int], ...] = ()
    headline: str
    machines: int
    """How many kinds of machine have figures."""
    fastest: str
    """The job with the highest throughput."""
    cheapest: str | None
    """The job with the lowest cost of a million samples; null where it cannot be told."""


class FleetDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of a fleet as they are shown."""

    schema: str = FLEET_SCHEMA
    version: tuple[int, int] = FLEET_VERSION
    created: str
    """UTC, ISO 8601."""
    launcher: str
    headline: str
    """How many jobs are done, in one sentence."""
    is_complete: bool
    """Whether all jobs are done: else the exit code of the fleet is 1."""
    answers: tuple[ModelAnswer, ...]
    jobs: tuple[JobReport, ...]
    notes: tuple[str, ...]
    """What figures of different machines can and cannot say."""
