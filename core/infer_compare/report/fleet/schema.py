"""The fleet document: everything that a fleet report shows, and the version of its schema.

Throughput is in samples per second, latency in nanoseconds. Unknown values are null; NaN and infinity never appear.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.report.schema import Price

FLEET_SCHEMA = "infer-compare/fleet-report"
FLEET_VERSION = (1, 0)
"""Major and minor: a field is removed or changes its meaning only with a new major."""

JobOutcome = Literal["waiting", "done", "incomplete", "failed", "lost", "refused", "stopped"]
"""`waiting`: not run yet, or interrupted before its end was known; the other states are those of the ledger."""


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A job, which runs one model on one machine, and how it ended."""

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
    """Why the job is not done, as a clause."""
    attempts: int = 0
    page: str = ""
    """The page of its run, as a path relative to the report's folder; empty if there is none."""
    cautions: tuple[str, ...] = ()
    """Disturbances of the machine that could not be repaired, one clause each."""


class MachineBest(msgspec.Struct, frozen=True, kw_only=True):
    """The best of a run on its machine, for one setting of the axes other than the batch."""

    job: str
    axes: tuple[tuple[str, int], ...] = ()
    contender: str
    name: str
    point: OperatingPoint
    bound: str = ""
    """The latency bound that it is proven to keep; empty without a bound."""
    estimate: bool
    """Whether no verdict of its run confirms it."""
    throughput: float
    spread: float | None = None
    """Half the width of its 95 % interval, relative to it."""
    latency_ns: float | None = None
    """The median, or the percentile of the bound if there is one."""
    per_million: float | None = None
    """The cost of a million samples there, in the currency of the price."""


class JobReport(JobFacts, frozen=True, kw_only=True):
    """A job with the answers of its run."""

    price: Price | None = None
    bests: tuple[MachineBest, ...] = ()
    partial: bool = False
    """Whether the figures are those of an incomplete run."""


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The machines compared for one model and one setting of its axes; without a verdict, since machines are not paired."""

    model: str
    axes: tuple[tuple[str, int], ...] = ()
    headline: str
    machines: int
    """How many kinds of machine have figures."""
    fastest: str
    """The job with the highest throughput."""
    cheapest: str | None
    """The job with the lowest cost of a million samples; null if unknown."""


class FleetDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of a fleet."""

    schema: str = FLEET_SCHEMA
    version: tuple[int, int] = FLEET_VERSION
    created: str
    """UTC, ISO 8601."""
    launcher: str
    headline: str
    """How many jobs are done, in one sentence."""
    is_complete: bool
    """Whether all jobs are done; if not, the exit code of the fleet is 1."""
    answers: tuple[ModelAnswer, ...]
    jobs: tuple[JobReport, ...]
    notes: tuple[str, ...]
    """Remarks on comparing figures of different machines."""
