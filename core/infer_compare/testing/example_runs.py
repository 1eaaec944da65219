"""Made-up runs for checks of report formats: complete and incomplete ones, missing figures, harmful names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces import MetricInfo, OperatingPoint, TensorSpec
from infer_compare.report import document
from infer_compare.request.options import RunOptions
from infer_compare.results import (
    Closing,
    ContenderSpec,
    Environment,
    Failed,
    Header,
    Measured,
    Memory,
    ModelInfo,
    Note,
    OutOfMemory,
    Plan,
    Probe,
    Round,
    Run,
    Skipped,
    Slice,
    Start,
)
from infer_compare.results.slices import Metered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.report import ReportDocument
    from infer_compare.results import AnyOutcome, AnyRecord

SIZES = (1, 8, 64)
HOSTILE = (
    '<script>alert("x")</script>',
    "=cmd|' /C calc'!A0",
    "a,b;c|d\n\x1b[31mred\u202e",
    "../../etc/passwd",
    "日本 🙂",
)
"""Labels that pages, spreadsheets, terminals or file systems could misinterpret."""


def example_documents() -> dict[str, ReportDocument]:
    """Return report documents by their peculiarity; every built-in format renders all of them."""
    return {
        "a complete run": document(_run("complete", ("plain", "quick"))),
        "a run with metrics": document(_run("metrics", ("plain", "quick"), metered=True)),
        "a run with failures": document(_run("failures", ("plain", "quick", "slow"), failing=True)),
        "a run with odd names": document(_run("odd", HOSTILE, model=HOSTILE[0])),
        "a run of one point": document(_run("single", ("plain",), sizes=(1,), rounds=1)),
        "a run that was cut off while exploring": document(
            _run("exploring", ("plain", "quick"), rounds=0, closed=False)
        ),
        "a run that has only begun": document(_run("begun", ("plain",), sizes=(), rounds=0, closed=False)),
    }


def _run(
    name: str,
    labels: tuple[str, ...],
    *,
    model: str = "cnn",
    sizes: tuple[int, ...] = SIZES,
    rounds: int = 3,
    closed: bool = True,
    failing: bool = False,
    metered: bool = False,
) -> Run:
    def records() -> Iterator[AnyRecord]:
        yield _header(name, labels, model, metered=metered)
        for place, label in enumerate(labels) if sizes else ():
            yield Start(
                contender=label, restart=0, pid=1, framework_version="1.0", provenance="native", device="cpu", effective={},
                spawn_ns=1, import_ns=1, load_ns=1, to_device_ns=1,
            )  # fmt: skip
            for size in sizes:
                outcome = _outcome(place, size, failing=failing)
                yield Probe(phase="explore", contender=label, point=OperatingPoint(size), outcome=outcome)
        for index in range(rounds * len(sizes)):
            yield _round(labels, sizes[index % len(sizes)], index, failing=failing, metered=metered)
        if closed:
            yield Note(topic="plan", text=f"a note that names {labels[-1]}")
            yield Closing(state="complete", elapsed_s=12.5)

    return Run.fold(records())


def _header(name: str, labels: tuple[str, ...], model: str, *, metered: bool) -> Header:
    return Header(
        run_id=f"example-{name}",
        created="2026-01-01T00:00:00+00:00",
        command=("infer-compare", "run", model),
        options=RunOptions(model=model, threads=1),
        model=ModelInfo(
            name=model, source=model, format="onnx", sha256="0" * 64, inputs=(TensorSpec("x", "float32", ("batch", 3)),)
        ),
        contenders=tuple(ContenderSpec(label=label, backend="onnx") for label in labels),
        plan=Plan(batch_sizes=None, threads=1, restarts=1, rounds_per_restart=3, max_memory=2**30),
        metrics=(MetricInfo(name="energy", unit="J", per="sample", description="of something"),) if metered else (),
        environment=Environment(
            platform="Linux", kernel="6.1", python="3.11.7", tool_version="1.0", cpu="a processor", physical_cores=2,
            logical_cores=2, usable_cores=2, memory_total=2**34, memory_available=2**33,
        ),
    )  # fmt: skip


def _outcome(place: int, size: int, *, failing: bool) -> AnyOutcome:
    if failing and place == 0 and size == SIZES[-1]:
        return OutOfMemory(evidence="raised", phase="explore", reason="no more memory")
    if failing and place == 1 and size > SIZES[0]:
        return Failed(error="ValueError", reason="no such operator:\n  Frobnicate", phase="load")
    if failing and place == 2:
        return Skipped(reason="too slow")
    return Measured(prepare_ns=0, first_call_ns=9_000_000, latency_ns=1_000_000 * size, memory=Memory(resident=2**28))


def _round(labels: tuple[str, ...], size: int, index: int, *, failing: bool, metered: bool) -> Round:
    able = [label for place, label in enumerate(labels) if isinstance(_outcome(place, size, failing=failing), Measured)]
    order = (*able, *reversed(able))
    slices = tuple(
        Slice(
            contender=label,
            position=position,
            started_ns=10**12 + 10**9 * index + 10**8 * position,
            durations_ns=tuple(900_000 * size + 1_000 * (position + step + 7 * len(label)) for step in range(10)),
            metered=Metered(window_ns=10**8, values={"energy": 0.5 + position}) if metered else None,
        )
        for position, label in enumerate(order)
    )
    return Round(restart=1, index=index + 1, point=OperatingPoint(size), order=order, slices=slices, clean=True)
