"""Small runs without chance in them, from which reports are made."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from asked import asked
from infer_compare.interfaces import TensorSpec
from infer_compare.results import (
    Agreement,
    Closing,
    ContenderSpec,
    Diagnostics,
    Environment,
    ForeignProcess,
    Header,
    Measured,
    Memory,
    ModelInfo,
    OperatingPoint,
    OutputComparison,
    OutputError,
    PhaseTimes,
    Probe,
    Round,
    Run,
    Slice,
    Start,
    Unusable,
    WarmUp,
)
from quiet_slices import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MILLISECOND = 1_000_000
WOBBLE = (1.0, 0.996, 1.005, 0.999, 1.002, 0.994, 1.001, 1.003)
"""What one call takes, as a multiple of the usual; every slice repeats it."""
LUCK = (1.0, 1.004, 0.997, 1.002)
"""The same for restarts."""

CURVES = {
    "onnx": {1: 0.5, 2: 0.7, 4: 1.1, 8: 1.9},
    "torch": {1: 1.5, 2: 1.8, 4: 2.4, 8: 3.6},
}
"""Milliseconds of a call, by contender and batch size."""


@dataclasses.dataclass
class Story:
    """What happened in a run; `records` tells it in order, `run` folds it.

    Attributes:
        curves: milliseconds of a call, by contender and batch size.
        model: its name.
        outcomes: of points that did not run while exploring.
        unusable: outcomes of contenders that took no part.
        differs: contenders whose outputs differ from the first contender's.
        imported: contenders whose model is imported.
        asked: what was asked of contenders, such as their threads, by label.
        precisions: that contenders compute in where it is not float32.
        weights: precision of the model; not known by default.
        processors: of each instance, by label.
        servers: addresses of those who do the work of contenders, by label.
        errors: output errors, by label; those of contenders that differ too are allowed by `--allow-error`.
        compiling: seconds that the first call takes, by label.
        refused: slices of these restarts are refused by the gate.
        extra: records between the last round and the closing one.
        closing: the last record; None where the run was interrupted.
        plan: changes to the plan.
        command: what was typed.
    """

    curves: Mapping[str, Mapping[int, float]] = dataclasses.field(default_factory=lambda: CURVES)
    model: str = "cnn"
    outcomes: Mapping[tuple[str, int], Any] = dataclasses.field(default_factory=dict)
    unusable: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    differs: Sequence[str] = ()
    imported: Sequence[str] = ()
    asked: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    precisions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    weights: str | None = None
    processors: Mapping[str, tuple[tuple[int, ...], ...]] = dataclasses.field(default_factory=dict)
    servers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    errors: Mapping[str, float] = dataclasses.field(default_factory=dict)
    compiling: Mapping[str, float] = dataclasses.field(default_factory=dict)
    refused: Sequence[int] = ()
    restarts: int = 4
    rounds: int = 2
    calls: int = 64
    extra: Sequence[Any] = ()
    closing: Closing | None = dataclasses.field(default_factory=lambda: Closing(state="complete", elapsed_s=21.4))
    plan: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    environment: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    command: tuple[str, ...] = ("infer-compare", "run", "cnn", "--backends", "onnx,torch", "--batch-sizes", "1:8:x2")

    def records(self) -> Iterator[Any]:
        """Header, starts and probes, agreements, rounds, the extra ones, closing."""
        yield self.header()
        yield from self.explored()
        yield from self.agreements()
        yield from self.measured()
        yield from self.extra
        if self.closing is not None:
            yield self.closing

    def run(self) -> Run:
        """All of it."""
        return Run.fold(self.records())

    def header(self) -> Header:
        """With every field of the conditions that a Linux machine tells."""
        sizes = tuple(sorted({size for curve in self.curves.values() for size in curve}))
        plan: dict[str, Any] = {
            "batch_sizes": sizes, "threads": 2, "restarts": self.restarts, "rounds_per_restart": self.rounds,
            "max_memory": 8 * 2**30,
        }  # fmt: skip
        environment: dict[str, Any] = {
            "platform": "Linux, x86_64", "kernel": "6.1", "python": "3.11.2", "tool_version": "0.1.0",
            "cpu": "Test Processor", "physical_cores": 2, "logical_cores": 4, "usable_cores": 4,
            "memory_total": 16 * 2**30, "memory_available": 12 * 2**30, "governor": "performance", "schedstat": True,
            "variables": {"OMP_NUM_THREADS": "2"}, "packages": {"numpy": "2.4.0"},
        }  # fmt: skip
        return Header(
            run_id="2026-01-02-030405-cnn",
            created="2026-01-02T03:04:05Z",
            command=self.command,
            model=ModelInfo(
                name=self.model,
                source="cnn",
                format="onnx",
                sha256="0123456789abcdef",
                parameters=25_450,
                inputs=(TensorSpec("x", "float32", ("batch", 3, 32, 32)),),
                flops_per_sample=5_000_000,
                precision=self.weights,
            ),
            contenders=tuple(
                ContenderSpec(
                    label=label,
                    backend=label.partition(":")[0],
                    remote=label in self.servers,
                    **self.asked.get(label, {}),
                )
                for label in self.curves
            ),
            **asked(**{**plan, **self.plan}),
            environment=Environment(**{**environment, **self.environment}),
        )

    def explored(self) -> Iterator[Any]:
        """A start and the probes of every contender."""
        for label, outcome in self.unusable.items():
            yield Unusable(contender=label, outcome=outcome)
        for label, curve in self.curves.items():
            if label in self.unusable:
                continue
            imported = label in self.imported
            yield Start(
                contender=label, restart=0, pid=7, framework_version="1.2.3", device="cpu",
                provenance="imported" if imported else "native", chain=("onnx", label) if imported else ("onnx",),
                effective={
                    "precision": self.precisions.get(label, "float32"),
                    **({"server": self.servers[label]} if label in self.servers else {"threads": "2"}),
                },
                spawn_ns=90 * MILLISECOND, import_ns=400 * MILLISECOND, load_ns=20 * MILLISECOND, to_device_ns=MILLISECOND, resident=150 * 2**20,
                processors=self.processors.get(label, ()),
            )  # fmt: skip
            for size, milliseconds in curve.items():
                ran = Measured(
                    prepare_ns=2 * MILLISECOND,
                    first_call_ns=round(self.compiling.get(label, 0.03) * 1000) * MILLISECOND,
                    latency_ns=round(milliseconds * MILLISECOND),
                    memory=Memory(resident=(150 + 2 * size) * 2**20),
                )
                outcome = self.outcomes.get((label, size), ran)
                yield Probe(phase="explore", contender=label, point=OperatingPoint(size), outcome=outcome)

    def agreements(self) -> Iterator[Agreement]:
        """Every contender against the first one."""
        reference = next(iter(self.curves))
        for label, curve in self.curves.items():
            differs = label in self.differs
            needed = 0.0 if label == reference else 0.31 if differs else 2.1e-7
            error = self.errors.get(label)
            for size in curve:
                if (label, size) in self.outcomes or label in self.unusable:
                    continue
                yield Agreement(
                    contender=label,
                    reference=reference,
                    point=OperatingPoint(size),
                    verdict="differs" if differs else "agrees",
                    reason="output 'y' needs a tolerance of 0.31, and 0.0001 is allowed" if differs else "",
                    rtol=1e-4,
                    error=OutputError(relative=error, cosine=1 - error**2, top1=1 - error) if error else None,
                    recognizable=True if error else None,
                    outputs=(
                        OutputComparison(
                            output="y", max_difference=needed, max_reference=1.0, needed_rtol=needed, top1=1.0
                        ),
                    ),
                    row_consistent=True,
                )

    def measured(self) -> Iterator[Round]:
        """The rounds."""
        sizes = sorted({size for curve in self.curves.values() for size in curve})
        index = 0
        for restart in range(1, self.restarts + 1):
            for repetition in range(self.rounds):
                for size in sizes:
                    labels = [
                        label
                        for label, curve in self.curves.items()
                        if size in curve
                        and (label, size) not in self.outcomes
                        and (label not in self.differs or label in self.errors)
                        and label not in self.unusable
                    ]
                    if labels:
                        index += 1
                        yield self._round(labels, size, restart, repetition, index)

    def _phases(self, call_ns: float) -> PhaseTimes | None:
        """A tenth of the call goes in, a twentieth out."""
        if self.plan.get("scope") != "end_to_end":
            return None
        stage, fetch = round(call_ns / 10), round(call_ns / 20)
        run = round(call_ns) - stage - fetch
        return PhaseTimes(stage_ns=(stage,) * self.calls, run_ns=(run,) * self.calls, fetch_ns=(fetch,) * self.calls)

    def _round(self, labels: list[str], size: int, restart: int, repetition: int, index: int) -> Round:
        refused = restart in self.refused
        order = (*labels, *reversed(labels))
        slices = tuple(
            Slice(
                contender=label,
                position=position,
                started_ns=10**15 + (100 * index + position) * 60 * MILLISECOND,
                durations_ns=tuple(
                    round(self.curves[label][size] * MILLISECOND * LUCK[restart % 4] * WOBBLE[call % 8])
                    for call in range(self.calls)
                ),
                phases=self._phases(self.curves[label][size] * MILLISECOND),
                discarded=3,
                diagnostics=_diagnostics(refused=refused),
                rejected=f"other programs: make (pid 99) took {90 + repetition} % of a core" if refused else None,
            )
            for position, label in enumerate(order)
        )
        warm_ups = tuple(
            WarmUp(
                contender=label, point=OperatingPoint(size), prepare_ns=2 * MILLISECOND,
                first_call_ns=30 * MILLISECOND, calls=10, total_ns=100 * MILLISECOND,
                latency_ns=MILLISECOND, steady=True,
            )
            for label in labels
            if repetition == 0
        )  # fmt: skip
        return Round(
            restart=restart, index=index, repetition=repetition, point=OperatingPoint(size), order=order, slices=slices,
            clean=not refused, warm_ups=warm_ups,
        )  # fmt: skip


def _diagnostics(*, refused: bool) -> Diagnostics:
    delay = 80 * MILLISECOND if refused else 0
    top = ForeignProcess(99, "make", 0.93) if refused else None
    return quiet(system_ns=MILLISECOND, run_delay_ns=delay, foreign_ns=delay, cores=4, top=top)


@pytest.fixture(scope="session")
def story() -> type[Story]:
    """Makes runs out of what happened in them."""
    return Story
