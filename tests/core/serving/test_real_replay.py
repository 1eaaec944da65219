"""A replay with real workers of ONNX Runtime, from a run that was stored."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from infer_compare import api
from infer_compare.capacity.values import Batching, Configuration, Load
from infer_compare.phases.context import Surroundings
from infer_compare.phases.events import Observer
from infer_compare.request.options import RunOptions
from infer_compare.serving.measure import CurveMeasurement, Effort
from infer_compare.serving.replay import replay
from infer_compare.serving.rows import MEMORY
from infer_compare.serving.service import open_service

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.results import Run

pytestmark = pytest.mark.slow

SHORT = Effort(back_to_back_s=0.05, paused_s=0.03, calls=3, saturation_s=0.3)
REPLAY = """
import sys
from pathlib import Path
from infer_compare.serving.measure import measure_curve
from infer_compare.serving.service import open_service
from infer_compare.store import load
with open_service(load(Path(sys.argv[1])), "onnx", copies=2) as service:
    print("serving", flush=True)
    while True:
        measure_curve(service)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run in which ONNX Runtime was measured with a small convolutional network, whatever else the machine did."""
    place: Path = tmp_path_factory.mktemp("served") / "run"
    asked = RunOptions(
        model="cnn", backends=("onnx",), threads=1, batch_sizes=(1, 4, 8), mode="quick", restarts=1, rounds=1
    )
    api.sweep(
        asked, place, surroundings=Surroundings(gate=lambda *_, **__: None, look=lambda _: None, peak=lambda _: None)
    )
    return place


@pytest.mark.parametrize("copies", [1, 2])
def test_real_workers_answer_every_request(folder: Path, copies: int) -> None:
    """Arrivals wait for no answer: as many come as the rate says, and all are answered; no worker is left."""
    run: Run = api.load_run(folder)
    before = set(psutil.Process().children(recursive=True))
    with open_service(run, "onnx", copies=copies) as service:
        measurement = CurveMeasurement(SHORT)
        measurement.measure(service, 2)
        curve = measurement.curve(service)
        configuration = Configuration(contender="onnx", batching=Batching(max_batch=6, max_delay_s=2e-3), copies=copies)
        load = Load(rate=0.4 * curve.saturation)
        result = replay(service, configuration, load, seconds=3.0, measurement=measurement)
    assert not set(psutil.Process().children(recursive=True)) - before
    assert (result.answered, result.lost) == (result.requests, 0)
    assert result.requests == pytest.approx(3.0 * 0.4 * curve.saturation, rel=0.2)
    assert 1 <= result.mean_batch <= 6
    assert result.percentiles_s["50"] >= min(curve.sizes[0].durations_ns) / 1e9
    assert [size.point.batch for size in curve.sizes] == [1, 4, 8]
    assert (len(result.pace.measured), len(result.pace.replayed)) == (3, 1)


def test_a_killed_worker_loses_its_batch_alone(folder: Path) -> None:
    """It is started again meanwhile, and all other requests are answered."""

    def kill() -> None:
        workers = [
            process for process in psutil.Process().children() if "infer_compare.worker" in " ".join(process.cmdline())
        ]
        workers[0].kill()

    run: Run = api.load_run(folder)
    notes: list[str] = []
    observer = Observer()
    observer.note = lambda _topic, text: notes.append(text)  # type: ignore[method-assign]
    with open_service(run, "onnx", copies=2, observer=observer) as service:
        measurement = CurveMeasurement(SHORT)
        measurement.measure(service, 2)
        curve = measurement.curve(service)
        batching = Batching(max_batch=8, max_delay_s=20e-3)
        load = Load(rate=0.3 * curve.saturation)
        timer = threading.Timer(1.0, kill)
        timer.start()
        configuration = Configuration(contender="onnx", batching=batching, copies=2)
        result = replay(service, configuration, load, seconds=2.0, measurement=measurement)
        timer.join()
    assert notes == ["a worker of onnx died while it served, and is started again"]
    assert result.answered + result.lost == result.requests
    assert 0 <= result.lost <= 8
    assert result.throughput > 0


def test_an_interrupt_leaves_no_worker(folder: Path) -> None:
    """Nor the file through which rows go."""
    process = subprocess.Popen([sys.executable, "-c", REPLAY, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "serving\n"
    workers = psutil.Process(process.pid).children(recursive=True)
    assert len(workers) >= 2
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) != 0
    process.stdout.close()
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert not alive
    assert not list(MEMORY.glob(f"infer-compare-{process.pid}-*"))
