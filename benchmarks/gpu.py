"""Does everything that infer-compare says about NVIDIA GPUs hold on this one? A table with an item a line, in about ten minutes.

Two runs are measured: torch in several precisions beside the other frameworks, and a search of the largest batch under a cap on the
GPU's memory. Then copies are timed. It exits with 0 where no item failed, 1 where one did, and 2 where there is no GPU.

    python benchmarks/gpu.py [--model resnet18] [--device cuda:0] [--cap 2GiB] [--state runs/gpu]
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import infer_compare as ic
from infer_compare.results import OutOfMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infer_compare.report import ReportDocument
    from infer_compare.report.schema import ContenderReport
    from infer_compare.results import Run

SMALL, LARGE = 1, 32
"""Batch sizes that are measured: one that is bound by launching, and one by computing."""
VARIANTS = (
    "torch",
    "torch:tf32=true,label=tf32",
    "torch:precision=float16,label=float16",
    "torch:cudagraphs=true,label=graphs",
    "torch:compile=true,cudagraphs=true,label=compiled",
)
OTHERS = ("onnx", "tensorflow")
FULL_ERROR = 1e-4
"""Largest output error of float32, against float32 of another framework; TF32 has one of 1e-3."""
NOT_SLOWER = 1.05
COPIED_BYTES = 256 << 20
LISTING = ("nvidia-smi", "-L")


class Item(NamedTuple):
    """One line of the table."""

    name: str
    passed: bool | None
    """None where it could not be looked at."""
    seen: str


def precision_items(document: ReportDocument) -> Iterator[Item]:
    """Yield what is to be known of precisions: TF32 off by default, and on when it is asked for; float16."""
    plain, tf32, half = (_contender(document, label) for label in ("torch", "tf32", "float16"))
    error, raised = _error(plain), _error(tf32)
    yield _item(
        "float32 is computed in full, without TF32",
        plain and (plain.precision == "float32" and error is not None and error <= FULL_ERROR),
        f"precision {plain.precision}, output error {_said(error, '.1e')}" if plain else "",
    )
    yield _item(
        "tf32=true computes in TF32, which shows in the error",
        tf32 and (tf32.precision == "tf32" and raised is not None and error is not None and raised > error),
        f"precision {tf32.precision}, output error {_said(raised, '.1e')}" if tf32 else "",
    )
    gain = _gain(document, "float16", "torch", LARGE)
    yield _item(
        f"float16 is faster than float32 at batch {LARGE}",
        half and (half.precision == "float16" and gain is not None and gain > 1),
        f"{_said(gain, '.2f', 'x')}, output error {_said(_error(half), '.1e')}" if half else "",
    )


def compile_items(document: ReportDocument) -> Iterator[Item]:
    """Yield what CUDA graphs bring, with the module as it is and compiled."""
    for label, words in (("graphs", "cudagraphs=true"), ("compiled", "compile=true with cudagraphs=true")):
        gain, contender = _gain(document, label, "torch", SMALL), _contender(document, label)
        agrees = not any(excluded.contender == label for excluded in document.excluded)
        seen = f"{_said(gain, '.2f', 'x')} at batch {SMALL}, {_said(_gain(document, label, 'torch', LARGE), '.2f', 'x')} at batch {LARGE}"
        yield _item(f"{words} agrees, and is faster at batch {SMALL}", contender and (agrees and (gain or 0) > 1), seen)


def series_items(run: Run) -> Iterator[Item]:
    """Yield whether throughput with a batch enqueued ahead is as good as that of calls that are waited for, and what NVML counted."""
    for label in run.labels:
        shares = []
        for place in run.points:
            paces = {
                series: [piece.mean_ns for piece in place.clean_slices if piece.series == series]
                for series in ("pipelined", "latency")
            }
            if place.contender == label and all(paces.values()):
                shares.append(median(paces["pipelined"]) / median(paces["latency"]))
        if shares:
            seen = f"a batch takes {', '.join(f'{share:.2f}' for share in shares)} of the time of a call that is waited for"
            yield Item(f"{label}: a batch ahead is not slower", max(shares) <= NOT_SLOWER, seen)
    looked = [
        piece.diagnostics for place in run.points for piece in place.clean_slices if piece.diagnostics is not None
    ]
    counted = [diagnostics.gpu for diagnostics in looked if diagnostics.gpu is not None]
    slowed = max((counters.slowed_share for counters in counted), default=0.0)
    capped = max((counters.power_capped_share for counters in counted), default=0.0)
    seen = f"{len(counted)} of {len(looked)} slices; held down by heat {slowed:.0%}, by the power limit {capped:.0%} at most"
    if importlib.util.find_spec("pynvml") is None:
        yield Item("NVML says what held the clocks down", None, "pip install nvidia-ml-py")
    else:
        yield Item("NVML says what held the clocks down", bool(counted), seen)


def boundary_items(document: ReportDocument, run: Run) -> Iterator[Item]:
    """Yield for each framework whether it was known that the GPU's memory did not suffice, and where the boundary is."""
    failures = {limit.contender: limit.failure for limit in run.limits}
    for curve in document.curves:
        boundary, failure = curve.boundary, failures.get(curve.contender)
        if boundary is None or not boundary.searched:
            yield Item(f"{curve.contender}: the largest batch is found", None, "it was not searched for")
            continue
        raised = isinstance(failure, OutOfMemory) and failure.evidence == "raised"
        seen = f"{failure.evidence}: {failure.reason}" if isinstance(failure, OutOfMemory) else f"{boundary.failure}"
        yield Item(f"{curve.contender}: out of memory is told from other errors", raised, seen)
        yield Item(f"{curve.contender}: the largest batch is found and verified", boundary.verified, boundary.sentence)


def copy_item(pinned: float, pageable: float, staged: float) -> Item:
    """Return whether staging a batch copies as fast as torch does; all in bytes a second."""
    seen = f"staged {staged / 1e9:.1f} GB/s; torch from pageable memory {pageable / 1e9:.1f} GB/s, from pinned {pinned / 1e9:.1f} GB/s"
    return Item("staging copies as fast as torch from such memory", staged >= 0.8 * min(pinned, pageable), seen)


def copies(device: str) -> Item:
    """Time copies of a batch to the GPU: by the backend's `stage`, and by torch from pageable and from pinned memory."""
    import numpy as np
    import torch

    from infer_compare.backends import Device, Settings, TensorSpec
    from infer_compare_torch import TorchBackend
    from infer_compare_torch.session import LoadedModel

    batch = np.ones((COPIED_BYTES // 4096, 1024), np.float32)
    backend = TorchBackend(Settings(options=TorchBackend.options(), threads=1))
    backend.version()
    spec = TensorSpec("x", "float32", ("batch", 1024))
    target = torch.empty(batch.shape, device=device)
    pageable = torch.from_numpy(batch)
    pinned = pageable.pin_memory()
    with backend.to_device(LoadedModel(torch.nn.Identity(), (spec,), (spec,)), Device.parse(device)) as session:
        slot = session.stage([batch])
        ways: tuple[Callable[[], object], ...] = (
            lambda: target.copy_(pinned, non_blocking=True),
            lambda: target.copy_(pageable),
            lambda: session.stage([batch], slot),
        )
        return copy_item(*(batch.nbytes / _seconds(way, torch.cuda.synchronize) for way in ways))


def _seconds(way: Callable[[], object], wait: Callable[[], object]) -> float:
    stamps = []
    for _ in range(10):
        way()
        wait()
        stamps.append(time.perf_counter())
    return median(after - before for before, after in pairwise(stamps[2:]))


def table(items: Sequence[Item]) -> list[str]:
    """Return the items as lines of one table."""
    width = max(len(item.name) for item in items)
    words = {True: "pass", False: "FAIL", None: "skip"}
    return [f"{words[item.passed]:6}{item.name:{width}}  {item.seen}".rstrip() for item in items]


def gpus(listed: str) -> list[str]:
    """Return the names of the GPUs in what `nvidia-smi -L` printed."""
    return [line.partition(": ")[2].partition(" (UUID")[0] for line in listed.splitlines() if line.startswith("GPU ")]


def main(arguments: argparse.Namespace) -> int:
    """Measure, and print the table."""
    try:
        listed = subprocess.run(LISTING, capture_output=True, text=True, check=False, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        listed = ""
    if not gpus(listed):
        print("No NVIDIA GPU was found with `nvidia-smi -L`, so nothing was checked.", file=sys.stderr)
        return 2
    device, folder = arguments.device, arguments.state / datetime.now().strftime("%Y%m%d-%H%M%S")  # noqa: DTZ005 - a name
    print(", ".join(gpus(listed)), flush=True)
    try:
        measured = ic.sweep(
            arguments.model, contenders=[f"{typed}@{device}" for typed in (*VARIANTS, *OTHERS)],
            batch_sizes=(SMALL, LARGE), mode="quick", allow_error=True, folder=folder / "precisions",
        )  # fmt: skip
        limits = ic.sweep(
            arguments.model, contenders=[f"{name}@{device}" for name in ("torch", *OTHERS)], batch_sizes=(SMALL,),
            mode="quick", find_limit=True, max_device_memory=arguments.cap, folder=folder / "limits",
        )  # fmt: skip
    except ic.InferCompareError as error:
        print(error, file=sys.stderr)
        return 1
    items = [
        *precision_items(measured.document),
        *compile_items(measured.document),
        *series_items(measured.run),
        *boundary_items(limits.document, limits.run),
        copies(device) if _contender(measured.document, "torch") else _item("copies", None, ""),
    ]
    print("\n".join(table(items)))
    return int(any(item.passed is False for item in items))


def _contender(document: ReportDocument, label: str) -> ContenderReport | None:
    return next((found for found in document.contenders if found.label == label and found.framework_version), None)


def _item(name: str, passed: object, seen: str) -> Item:
    return Item(name, None if passed is None else bool(passed), seen or "it did not run here")


def _error(contender: ContenderReport | None) -> float | None:
    return contender.output_error.relative if contender and contender.output_error else None


def _gain(document: ReportDocument, label: str, base: str, batch: int) -> float | None:
    rates = {
        point.contender: point.figures.throughput
        for curve in document.curves
        for point in curve.points
        if point.point.batch == batch and point.figures is not None
    }
    return rates[label] / rates[base] if label in rates and base in rates else None


def _said(value: float | None, form: str, unit: str = "") -> str:
    return "not known" if value is None else f"{value:{form}}{unit}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check what infer-compare says about NVIDIA GPUs on this one.")
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--cap", default="2GiB", help="on the GPU's memory, for the search of the largest batch")
    parser.add_argument("--state", type=Path, default=Path("runs/gpu"), help="where the runs are stored")
    sys.exit(main(parser.parse_args()))
