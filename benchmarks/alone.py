"""Throughput of a backend at one batch size in a process that runs nothing else, as a deployment of that size does.

The model and the rows of input are files that another process has written: what a process allocates before it serves
decides how its allocator behaves afterwards.

    python benchmarks/alone.py torch cnn 16 [--processes 3] [--threads 1]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from infer_compare.environment.noise import NoiseProbe
from infer_compare.interfaces import Device, ModelSource, OperatingPoint, Settings
from infer_compare.models.builtin import builtin_models
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.specs import name_batch
from infer_compare.plugins import Plugins, read_options
from infer_compare.preparation.pool import InputPool
from infer_compare.stats.quantiles import median
from infer_compare.timing import SliceLimits, warm_up
from infer_compare.worker.child.buffers import Pool
from infer_compare.worker.child.staged import Staged

SLICES = 8
FEWEST = 2
ENOUGH_S = 1.5
"""No slice begins after this time once there are the fewest: those of slow calls scatter less."""
LIMITS = SliceLimits(long_ns=300_000_000)
DISTURBED = 0.1
"""A slice whose threads waited for more than this share of its time is left out."""
MODEL = "model.onnx"


def write(model: str, largest: int, folder: Path) -> None:
    """Write a built-in model and rows of input for batches up to a size."""
    proto = builtin_models()[model].build(0)
    plans = resolve_inputs(
        name_batch(*read_specs(proto))[0], (), {entry.key: entry.value for entry in proto.metadata_props}
    )
    InputPool(plans, 0, folder, (largest,)).grow(OperatingPoint(largest))
    (folder / MODEL).write_bytes(proto.SerializeToString())


def throughput(backend: str, folder: Path, size: int, threads: int) -> float | None:
    """Return samples a second in a process of its own; None where other programs disturbed every slice."""
    command = [sys.executable, __file__, backend, "", str(size), "--threads", str(threads), "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: float | None = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(backend: str, folder: Path, size: int, threads: int) -> float | None:
    """Return samples a second in this process, the median over slices that nothing disturbed."""
    probe = NoiseProbe()
    kind = Plugins.discover().find(backend).backend
    made = kind(Settings(options=read_options(kind, {}), threads=threads))
    made.version()
    loaded = made.load(ModelSource(format="onnx", location=str(folder / MODEL), name="model"))
    session = made.to_device(loaded, Device("cpu"))
    point = OperatingPoint(size)
    session.prepare(point)
    staged = Staged(
        session, Pool([str(path) for path in sorted(folder.glob("*.npy"))]), point, "device", time.perf_counter_ns
    )
    rates = []
    with session.running():
        latency_ns = warm_up(staged.calls, time.perf_counter_ns).latency_ns
        until = time.monotonic() + ENOUGH_S
        for number in range(SLICES):
            if number >= FEWEST and time.monotonic() > until:
                break
            before = probe.snapshot()
            timed = staged.time(latency_ns, LIMITS, "latency")
            share = probe.difference(before, probe.snapshot()).wait_share
            if share is None or share <= DISTURBED:
                rates.append(size * timed.calls_per_stamp * 1e9 / median(timed.durations_ns))
    return median(rates) if rates else None


def main() -> None:
    """Print the throughput of each process."""
    options = argparse.ArgumentParser(description="Throughput in a process that runs one batch size.")
    options.add_argument("backend")
    options.add_argument("model")
    options.add_argument("size", type=int)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--processes", type=int, default=3)
    options.add_argument("--folder", type=Path, help="with the files of the model; measures in this process")
    asked = options.parse_args()
    if asked.folder:
        print(json.dumps(measured(asked.backend, asked.folder, asked.size, asked.threads)))
        return
    with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as name:
        write(asked.model, asked.size, Path(name))
        for _ in range(asked.processes):
            found = throughput(asked.backend, Path(name), asked.size, asked.threads)
            print("disturbed" if found is None else f"{found:.1f} samples/s, {1e3 * asked.size / found:.3f} ms a call")


if __name__ == "__main__":
    main()
