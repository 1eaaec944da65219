"""Synthetic runs: round records built from numbers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from asked import asked
from infer_compare.results import (
    Agreement,
    Closing,
    ContenderSpec,
    Diagnostics,
    Environment,
    ForeignProcess,
    Header,
    Measured,
    ModelInfo,
    OperatingPoint,
    Probe,
    Round,
    Run,
    Slice,
    Start,
    WarmUp,
)
from quiet_slices import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def diagnostics(**changes: Any) -> Diagnostics:
    """Of an undisturbed slice of 60 ms on two threads."""
    return quiet(**{"system_ns": 1_000_000, **changes})


def busy(wait_share: float = 0.4) -> Diagnostics:
    """Of a slice that another process disturbed."""
    delay = round(120_000_000 * wait_share / (1 - wait_share))
    return diagnostics(run_delay_ns=delay, foreign_ns=delay, top=ForeignProcess(123, "python", 0.98))


@dataclasses.dataclass
class SyntheticRun:
    """A run with known latencies.

    Attributes:
        latencies: milliseconds of a call, by contender and batch size.
        restarts: how many.
        rounds: of every point in each restart.
        sigma: noise between rounds, in the log domain.
        tau: noise between the workers of a contender.
        jitter: noise between calls.
        calls: in a slice.
        reject: whether that contender's slices are rejected in that restart and round.
        slowdown: factor on the latency of one slice, of (contender, batch, restart, round, slice).
        confirm: extra restarts whose rounds are of the confirm phase, at these points only.
        provenance: by contender, where it is not native.
        differs: contenders whose outputs differ.
        outcomes: of points that were not measured.
        plan: changes to the plan.
        slice_changes: fields of every slice.
        steady: whether warm-ups ended in a steady state.
    """

    latencies: Mapping[str, Mapping[int, float]]
    restarts: int = 4
    rounds: int = 4
    sigma: float = 0.005
    tau: float = 0.0
    jitter: float = 0.01
    calls: int = 12
    seed: int = 1
    reject: Callable[[str, int, int], bool] = lambda *_: False
    slowdown: Callable[[str, int, int, int, int], float] = lambda *_: 1.0
    confirm: Sequence[int] = ()
    confirm_restarts: int = 1
    confirm_latencies: Mapping[str, Mapping[int, float]] | None = None
    provenance: Mapping[str, str] = dataclasses.field(default_factory=dict)
    differs: Sequence[str] = ()
    outcomes: Mapping[tuple[str, int], Any] = dataclasses.field(default_factory=dict)
    plan: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    slice_changes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    diagnostics: Diagnostics = dataclasses.field(default_factory=diagnostics)
    schedstat: bool = True
    steady: bool = True

    def build(self) -> Run:
        """The run, as a fold of its records."""
        rng = np.random.default_rng(self.seed)
        sizes = sorted({size for curve in self.latencies.values() for size in curve})
        records: list[Any] = [self._header()]
        for label, curve in self.latencies.items():
            records.append(self._start(label))
            for size in curve:
                measured = Measured(prepare_ns=500, first_call_ns=9_000_000, latency_ns=1_000_000)
                outcome = self.outcomes.get((label, size), measured)
                records.append(Probe(phase="explore", contender=label, point=OperatingPoint(size), outcome=outcome))
        records += [self._difference(label) for label in self.differs]
        index = 0
        for restart in range(1, self.restarts + self.confirm_restarts * bool(self.confirm) + 1):
            confirming = restart > self.restarts
            luck = {label: rng.normal(0, self.tau) for label in self.latencies}
            source = (self.confirm_latencies or self.latencies) if confirming else self.latencies
            for number in range(self.rounds):
                for size in self.confirm if confirming else sizes:
                    labels = [label for label in source if size in source[label] and (label, size) not in self.outcomes]
                    if labels:
                        phase = "confirm" if confirming else "measure"
                        records.append(self._round(rng, phase, restart, number, index, size, labels, luck, source))
                        index += 1
        records.append(Closing(state="complete", elapsed_s=20.0))
        return Run.fold(records)

    def _round(self, rng, phase, restart, number, index, size, labels, luck, source) -> Round:
        order = [labels[place] for place in rng.permutation(len(labels))]
        slices = []
        for position, label in enumerate([*order, *reversed(order)]):
            factor = self.slowdown(label, size, restart, number, position)
            location = source[label][size] * 1e6 * factor * np.exp(luck[label] + rng.normal(0, self.sigma))
            durations = location * np.exp(rng.normal(0, self.jitter, self.calls))
            rejected = self.reject(label, restart, number)
            piece = Slice(
                contender=label,
                position=position,
                started_ns=10**15 + (index * 100 + position) * 60_000_000,
                durations_ns=tuple(int(value) for value in durations),
                discarded=3,
                diagnostics=busy() if rejected else self.diagnostics,
                rejected="other processes took 40 % of its waiting" if rejected else None,
            )
            slices.append(msgspec.structs.replace(piece, **self.slice_changes))
        point = OperatingPoint(size)
        return Round(
            phase=phase,
            restart=restart,
            index=index,
            point=point,
            order=tuple(order),
            slices=tuple(slices),
            clean=all(one.rejected is None for one in slices),
            warm_ups=tuple(self._warm_up(label, point, restart) for label in labels) if number == 0 else (),
        )

    def _warm_up(self, label: str, point: OperatingPoint, restart: int) -> WarmUp:
        return WarmUp(
            contender=label,
            point=point,
            prepare_ns=1000 * restart,
            first_call_ns=1_000_000 * restart,
            calls=10,
            total_ns=10**8,
            latency_ns=10**6,
            steady=self.steady,
        )

    def _header(self) -> Header:
        plan = {"threads": 2, "seed": 1, "restarts": self.restarts, "rounds_per_restart": self.rounds}
        environment = Environment(
            platform="Linux", kernel="6", python="3.11", tool_version="1", cpu="cpu", physical_cores=2,
            logical_cores=2, usable_cores=2, memory_total=2**34, memory_available=2**33, schedstat=self.schedstat,
        )  # fmt: skip
        return Header(
            run_id="one",
            created="2026-01-01T00:00:00Z",
            command=("infer-compare", "run"),
            model=ModelInfo(name="cnn", source="cnn", format="onnx", sha256="0"),
            contenders=tuple(ContenderSpec(label=label, backend=label) for label in self.latencies),
            **asked(**{**plan, **self.plan}),
            environment=environment,
        )

    def _start(self, label: str) -> Start:
        return Start(
            contender=label, restart=0, pid=7, framework_version="1", provenance=self.provenance.get(label, "native"),
            device="cpu", effective={}, spawn_ns=1, import_ns=1, load_ns=1, to_device_ns=1,
        )  # fmt: skip

    def _difference(self, label: str) -> Agreement:
        return Agreement(
            contender=label, reference="reference", point=OperatingPoint(1), verdict="differs", rtol=1e-4,
            reason="an output is 0.2 off",
        )  # fmt: skip


@pytest.fixture(scope="session")
def synthetic() -> type[SyntheticRun]:
    """The builder of runs."""
    return SyntheticRun


@pytest.fixture(scope="session")
def noted() -> Callable[..., Diagnostics]:
    """The builder of diagnostics."""
    return diagnostics
