"""`benchmarks/gpu.py`: what it makes of runs on a GPU, shown by made-up ones."""

from __future__ import annotations

from types import SimpleNamespace as Fake
from typing import TYPE_CHECKING, Any

import pytest

from infer_compare.results import OutOfMemory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

LISTED = """GPU 0: NVIDIA H200 (UUID: GPU-1)
  MIG 1g.18gb Device 0: (UUID: MIG-2)
GPU 1: NVIDIA H200 NVL (UUID: GPU-3)
"""
RATES = {"torch": 1000.0, "tf32": 1500.0, "float16": 2000.0, "graphs": 1800.0, "compiled": 2500.0}
PRECISIONS = {"tf32": "tf32", "float16": "float16"}
ERRORS = {"torch": 1e-6, "tf32": 1e-3, "float16": 2e-3}


@pytest.fixture
def gpu(benchmark_module: Callable[[str], ModuleType]) -> ModuleType:
    """The program."""
    return benchmark_module("gpu")


def told(**changes: Any) -> Any:
    """What a report says of contenders; none ran that has no throughput."""
    rates, precisions, errors = ({**known, **changes.get(name, {})} for name, known in
                                 (("rates", RATES), ("precisions", PRECISIONS), ("errors", ERRORS)))  # fmt: skip
    return Fake(
        excluded=[Fake(contender=label) for label in changes.get("excluded", ())],
        contenders=[
            Fake(
                label=label,
                framework_version="2.13" if rate else None,
                precision=precisions.get(label, "float32"),
                output_error=Fake(relative=errors[label]) if label in errors else None,
            )
            for label, rate in rates.items()
        ],
        curves=[
            Fake(points=[
                Fake(contender=label, point=Fake(batch=batch), figures=Fake(throughput=rate * batch) if rate else None)
                for batch in (1, 32)
            ])
            for label, rate in rates.items()
        ],
    )  # fmt: skip


def passed(items: Any) -> list[bool | None]:
    """What came of each item."""
    return [item.passed for item in items]


def test_the_gpus_are_those_that_the_driver_lists(gpu: ModuleType) -> None:
    """Without their parts."""
    assert gpu.gpus(LISTED) == ["NVIDIA H200", "NVIDIA H200 NVL"]
    assert gpu.gpus("No devices found.\n") == []


def test_tf32_is_off_unless_asked_for_and_shows_in_the_error(gpu: ModuleType) -> None:
    """And float16 is to be faster."""
    assert passed(gpu.precision_items(told())) == [True, True, True]
    assert passed(gpu.precision_items(told(precisions={"torch": "tf32"}))) == [False, True, True]
    assert passed(gpu.precision_items(told(errors={"torch": 1e-3}))) == [False, False, True]
    assert passed(gpu.precision_items(told(rates={"float16": 900.0}))) == [True, True, False]


def test_what_did_not_run_is_skipped(gpu: ModuleType) -> None:
    """It is neither passed nor failed."""
    assert passed(gpu.precision_items(told(rates={"tf32": None, "float16": None}))) == [True, None, None]
    assert passed(gpu.compile_items(told(rates={"compiled": None}))) == [True, None]


def test_cuda_graphs_are_to_agree_and_to_be_faster(gpu: ModuleType) -> None:
    """Eager and compiled."""
    assert passed(gpu.compile_items(told())) == [True, True]
    assert passed(gpu.compile_items(told(excluded=["graphs"]))) == [False, True]
    assert passed(gpu.compile_items(told(rates={"compiled": 999.0}))) == [True, False]


def run_of(pipelined: float, *, counters: Any = None) -> Any:
    """A run in which a call takes 10 ns and a batch that is enqueued ahead another time."""
    slices = [
        Fake(series=series, mean_ns=nanoseconds, diagnostics=Fake(gpu=counters))
        for series, nanoseconds in (("latency", 10.0), ("pipelined", pipelined), ("enqueue", 1.0))
    ]
    return Fake(labels=("torch",), points=[Fake(contender="torch", clean_slices=slices)])


def test_a_batch_ahead_is_not_to_be_slower(gpu: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the driver's counters are to be in every slice, where there is a library that reads them."""
    monkeypatch.setattr(gpu.importlib.util, "find_spec", lambda _: object())
    counters = Fake(slowed_share=0.0, power_capped_share=0.25)
    items = list(gpu.series_items(run_of(7.0, counters=counters)))
    assert passed(items) == [True, True]
    assert items[0].seen == "a batch takes 0.70 of the time of a call that is waited for"
    assert items[1].seen == "3 of 3 slices; held down by heat 0%, by the power limit 25% at most"
    assert passed(gpu.series_items(run_of(12.0))) == [False, False]
    monkeypatch.setattr(gpu.importlib.util, "find_spec", lambda _: None)
    assert passed(gpu.series_items(run_of(7.0))) == [True, None]


def limits(evidence: str, *, verified: bool = True, searched: bool = True) -> tuple[Any, Any]:
    """A report and a run in which the largest batch was searched for."""
    boundary = Fake(searched=searched, verified=verified, failure="out_of_memory", sentence="batch 512 fits")
    failure = OutOfMemory(reason="CUDA out of memory", evidence=evidence, phase="limit")  # type: ignore[arg-type]
    return (
        Fake(curves=[Fake(contender="torch", boundary=boundary)]),
        Fake(limits=[Fake(contender="torch", failure=failure)]),
    )


def test_out_of_memory_is_to_be_raised_and_the_boundary_verified(gpu: ModuleType) -> None:
    """A worker that was killed is no evidence that the error was understood."""
    assert passed(gpu.boundary_items(*limits("raised"))) == [True, True]
    assert passed(gpu.boundary_items(*limits("kernel", verified=False))) == [False, False]
    assert passed(gpu.boundary_items(*limits("raised", searched=False))) == [None]


def test_staging_is_held_against_copies_by_torch(gpu: ModuleType) -> None:
    """From the memory that it has, which is not pinned."""
    assert gpu.copy_item(50e9, 12e9, 11e9).passed
    assert not gpu.copy_item(50e9, 12e9, 5e9).passed
    assert (
        gpu.copy_item(50e9, 12e9, 11e9).seen
        == "staged 11.0 GB/s; torch from pageable memory 12.0 GB/s, from pinned 50.0 GB/s"
    )


def test_the_table_has_a_line_for_each_item(gpu: ModuleType) -> None:
    """With what came of it first."""
    items = [gpu.Item("one", True, "seen"), gpu.Item("another", False, "too slow"), gpu.Item("third", None, "")]
    assert gpu.table(items) == ["pass  one      seen", "FAIL  another  too slow", "skip  third"]


def test_without_a_gpu_it_says_so(
    gpu: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence, and exits with 2."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu.main(Fake(device="cuda:0", state=tmp_path, model="mlp", cap="1GiB")) == 2
    assert capsys.readouterr().err == "No NVIDIA GPU was found with `nvidia-smi -L`, so nothing was checked.\n"
