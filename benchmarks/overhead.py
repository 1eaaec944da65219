"""What the harness costs: throughput as infer-compare reports it, over that of a bare loop in one process.

For the same torch module and the same ONNX Runtime session, the harness's timed slice and a bare loop take turns in
one process, so that both see the same machine. Above 1 the harness reports more than the bare loop reaches.
The second table is the parent's processor time while its workers measure.

    python benchmarks/overhead.py [--repeats 15] [--threads 2] [--save]
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare import api
from infer_compare.environment.noise import NoiseProbe
from infer_compare.environment.threads import default_threads
from infer_compare.request.options import RunOptions
from infer_compare.timing import timed_slice, warm_up
from sessions import batches_of, calls_of, open_session
from trials import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onnxruntime import InferenceSession

    from infer_compare.results import Round

clock = time.perf_counter_ns


def bare_torch(module: Callable[..., object], batches: list[Any]) -> Callable[[int], None]:
    """What a person would write around a torch module."""
    import torch

    tensors = [torch.from_numpy(batch) for batch in batches]

    def loop(calls: int) -> None:
        with torch.inference_mode():
            for index in range(calls):
                module(tensors[index % len(tensors)])

    return loop


def bare_onnx(session: InferenceSession, name: str, batches: list[Any]) -> Callable[[int], None]:
    """What a person would write around an ONNX Runtime session that is bound to its inputs."""
    import onnxruntime as ort

    bindings = []
    for batch in batches:
        binding = session.io_binding()
        binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(batch))
        for output in session.get_outputs():
            binding.bind_output(output.name, "cpu")
        bindings.append(binding)

    def loop(calls: int) -> None:
        for index in range(calls):
            session.run_with_iobinding(bindings[index % len(bindings)])

    return loop


def compare(backend_name: str, model: str, batch: int, repeats: int, threads: int) -> str:
    """One line of the table."""
    loaded, session = open_session(backend_name, model, threads)
    batches = batches_of(session, batch)
    calls = calls_of(session, batches)
    if backend_name == "torch":
        bare = bare_torch(loaded.module, batches)
    else:
        # The very session that the backend runs, so that nothing but the loop around it differs.
        bare = bare_onnx(vars(session)["_session"], session.inputs[0].name, batches)
    latency_ns = warm_up(calls, clock).latency_ns
    count = max(8, round(60e6 / max(1, latency_ns)))
    bare(count)
    probe = NoiseProbe()
    ratios, rejected = [], 0
    for repeat in range(repeats):
        order = ("harness", "bare") if repeat % 2 else ("bare", "harness")
        seconds = {}
        before = probe.snapshot()
        for which in order:
            if which == "harness":
                with session.running():
                    timed = timed_slice(calls, latency_ns, clock)
                seconds[which] = sum(timed.durations_ns) / timed.calls
            else:
                bare(3)
                start = clock()
                bare(count)
                seconds[which] = (clock() - start) / count
        difference = probe.difference(before, probe.snapshot())
        share = difference.wait_share
        if share is not None and share > 0.1:
            rejected += 1
            continue
        ratios.append(seconds["bare"] / seconds["harness"])
    session.close()
    if not ratios:
        return f"{backend_name:6} {model:5} {batch:5}   every repeat was disturbed"
    centre = math.exp(statistics.fmean(map(math.log, ratios)))
    spread = statistics.stdev(ratios) if len(ratios) > 1 else math.nan
    return (
        f"{backend_name:6} {model:5} {batch:5} {latency_ns / 1e3:10.1f} {centre:8.4f} {spread:8.4f} "
        f"{rejected / repeats:9.0%}"
    )


def parent_share(folder: Path, threads: int) -> str:
    """The parent's processor time while a worker measures, as a share of a core."""
    from infer_compare.phases.events import Observer

    class Marks(Observer):
        """Notes processor and wall time at the first and the last round."""

        first: tuple[float, float] | None = None
        last: tuple[float, float] = (0.0, 0.0)

        def round_done(self, _round: Round, *, remaining_s: float) -> None:  # noqa: ARG002 - the observer's signature
            """A mark."""
            now = (time.process_time(), time.monotonic())
            self.first = self.first or now
            self.last = now

    marks = Marks()
    request = RunOptions(
        model="cnn",
        contenders=("torch", "onnx"),
        batch_sizes=(1, 8, 64),
        mode="quick",
        restarts=1,
        rounds=8,
        threads=threads,
    )
    api.sweep(request, folder / "run", observer=marks)
    assert marks.first is not None
    used, wall = marks.last[0] - marks.first[0], marks.last[1] - marks.first[1]
    return f"parent: {used:.3f} s of processor time in {wall:.1f} s of measuring: {used / wall:.2%} of a core"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Both tables."""
    threads, repeats = arguments.threads or default_threads(), arguments.repeats
    yield f"{os.cpu_count()} cores, {threads} threads, {repeats} repeats each; ratio = reported / bare throughput"
    yield f"{'':6} {'model':5} {'batch':>5} {'us/call':>10} {'ratio':>8} {'spread':>8} {'rejected':>9}"
    for backend in ("torch", "onnx"):
        for model in ("mlp", "cnn"):
            for batch in (1, 8, 64):
                yield compare(backend, model, batch, repeats, threads)
    with tempfile.TemporaryDirectory() as folder:
        yield parent_share(Path(folder), threads)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What the harness costs.")
    options.add_argument("--repeats", type=int, default=15)
    options.add_argument("--threads", type=int)
    report("overhead", lines, options)
