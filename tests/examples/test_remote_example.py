"""The plugin for servers: installed from its wheel, against real servers that are killed, come late and lie."""

from __future__ import annotations

import json
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from infer_compare.models.zoo.small import mlp

EXAMPLE = Path(__file__).parents[2] / "examples" / "infer-compare-remote"
FAULTY = Path(__file__).parent / "faulty_server.py"
LONG_S = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def folder(plugin_environment):
    """With a virtual environment in it that has both wheels, ONNX Runtime and pytest, and a model."""
    folder = plugin_environment(EXAMPLE.name)
    (folder / "mlp.onnx").write_bytes(mlp(0).SerializeToString())
    return folder


@pytest.fixture(scope="module")
def program(folder, program_apart):
    """Runs the installed program."""
    return partial(program_apart, folder)


@pytest.fixture
def serving(folder):
    """Starts servers, which end with the test."""
    started = []

    def start(*arguments, script=EXAMPLE / "server.py"):
        command = [folder / "venv" / "bin" / "python", script, *arguments]
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, cwd=folder)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def outcomes(report, label="remote"):
    """How its points ended."""
    (curve,) = (one for one in report["curves"] if one["contender"] == label)
    return [point["outcome"] for point in curve["points"]]


def run(program, url, *words, sizes="1,8", name="run"):
    """The run of the model beside ONNX Runtime, and its report."""
    contender = f"remote:url={url},model=mlp,label=remote,timeout=1"
    done = program("run", "mlp.onnx", "-b", "onnx", "-b", contender, "--quick", "--batch-sizes", sizes, "--json",
                   "-o", name, *words)  # fmt: skip
    return done, json.loads(done.stdout)


def test_its_own_tests_pass(folder, run_apart):
    """Those of the conformance kit, against a server that they start."""
    python = folder / "venv" / "bin" / "python"
    done = run_apart(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE, cwd=folder, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_beside_another_framework_and_is_named_with_its_server(program, serving):
    """Both are measured, their outputs agree, and what is not known of the server is said."""
    _, url = serving("mlp.onnx", "--port", "0")
    done, report = run(program, url, name="beside")
    assert done.returncode == 0, done.stderr
    assert outcomes(report) == outcomes(report, "onnx") == ["measured", "measured"]
    assert {one["verdict"] for one in report["agreements"]} == {"agrees"}
    assert "remote on 127.0.0.1:" in " ".join([report["answers"][0]["headline"], *report["answers"][0]["sentences"]])
    assert any("runs on this machine" in text for text in report["cautions"])


def test_a_killed_server_costs_its_own_points_only_and_a_resumed_run_has_them(folder, program, serving):
    """`kill -9` while it is measured."""
    server, url = serving("mlp.onnx", "--port", "0")
    port = url.rpartition(":")[2]
    records = folder / "killed" / "run.jsonl"
    import threading

    def kill():
        until = time.monotonic() + LONG_S
        while time.monotonic() < until and not (records.exists() and b'"round"' in records.read_bytes()):
            time.sleep(0.02)
        server.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    done, report = run(program, url, name="killed")
    killer.join()
    assert done.returncode == 1, done.stderr
    assert report["state"] == "complete"
    assert outcomes(report, "onnx") == ["measured", "measured"]
    assert any("did not reach its server" in text for text in report["shortcomings"])
    serving("mlp.onnx", "--port", port)
    again = program("run", "--resume", "killed", "--json")
    assert outcomes(json.loads(again.stdout)) == ["measured", "measured"]


def test_a_server_that_starts_late_is_waited_for(folder, program, serving):
    """A second after the run."""
    import socket
    import threading

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    late = threading.Timer(3.0, lambda: serving("mlp.onnx", "--port", port))
    late.start()
    done, report = run(program, f"http://127.0.0.1:{port}", name="late")
    late.join()
    assert done.returncode == 0, done.stderr
    assert outcomes(report) == ["measured", "measured"]


def test_a_server_that_never_comes_leaves_the_others(program):
    """With the server's name, and what to do."""
    done, report = run(program, "http://127.0.0.1:9", name="never")
    assert done.returncode == 1
    assert outcomes(report, "onnx") == ["measured", "measured"]
    assert any("http://127.0.0.1:9 was not reached" in text for text in report["shortcomings"])
    assert "start the server" in done.stderr + done.stdout


def test_a_slow_server_is_unavailable(program, serving):
    """It answers later than `timeout=`."""
    _, url = serving("slow", "mlp.onnx", script=FAULTY)
    done, report = run(program, url, name="slow")
    assert done.returncode == 1
    assert any("did not answer within 1 s" in text for text in report["shortcomings"])


@pytest.mark.parametrize("fault", ["nan", "shape"])
def test_a_server_that_computes_something_else_is_not_ranked(program, serving, fault):
    """Its outputs are compared like those of all others."""
    _, url = serving(fault, "mlp.onnx", script=FAULTY)
    done, report = run(program, url, name=fault)
    assert done.returncode == 1
    assert [one["contender"] for one in report["excluded"]] == ["remote"]


def test_an_answer_that_is_cut_short_is_an_ordinary_failure(program, serving):
    """Of its points, and no others."""
    _, url = serving("cut", "mlp.onnx", script=FAULTY)
    done, report = run(program, url, name="cut")
    assert done.returncode == 1
    assert set(outcomes(report)) <= {"failed", "skipped"}


def test_a_size_that_the_server_refuses_is_a_limit(program, serving):
    """And no failure."""
    _, url = serving("mlp.onnx", "--port", "0", "--max-batch", "4")
    done, report = run(program, url, name="refused", sizes="1,4,8")
    assert outcomes(report) == ["measured", "measured", "limit_reached"]
    assert done.returncode == 0, done.stderr
