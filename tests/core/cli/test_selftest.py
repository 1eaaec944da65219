"""`infer-compare selftest` as a person calls it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest

import infer_compare.selftest as package
from infer_compare.results import ForeignProcess
from infer_compare.selftest import BackendFindings, PlantedFindings, SelfTest, SkippedBackend, TwinFindings

if TYPE_CHECKING:
    from pathlib import Path

WAIT_S = 60.0
FOUND = BackendFindings(
    backend="onnx",
    state="measured",
    restarts=4,
    clean_restarts=3,
    twins=TwinFindings(false=0, same=2, inconclusive=1),
    planted=tuple(
        PlantedFindings(slowdown=share, right=right, wrong=0, not_shown=3 - right, measured=share + 0.004)
        for share, right in ((0.05, 1), (0.10, 3), (0.20, 3))
    ),
    half_width=0.0312,
    allowance=0.004,
    slices=100,
    rejected=12,
    top=ForeignProcess(7, "make", 0.9),
    elapsed_s=65.4,
)
DONE = SelfTest(
    threads=2,
    cores=2,
    model="cnn",
    batch_sizes=(1, 8, 32),
    backends=(FOUND,),
    skipped=(SkippedBackend("torch", "torch is not installed"),),
    statement="On this machine with 2 threads a difference of 10 % is shown reliably.",
    sentences=("onnx: a difference of 10 % is shown reliably.",),
    advice=("Close make.",),
    passed=True,
)


@pytest.fixture
def found(monkeypatch):
    """Has the self-test find something without running; what it was asked is kept."""
    asked = {}

    def use(done: SelfTest) -> dict:
        def run(setup, _plugins, _observer, **others):
            asked.update(others, setup=setup)
            return done

        monkeypatch.setattr(package, "run_selftest", run)
        return asked

    return use


def test_the_table_tells_verdicts_resolution_noise_and_then_the_statement(cli, found):
    """Everything on standard output."""
    found(DONE)
    result = cli("selftest")
    assert result.code == 0
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    for line in (
        "A/A: false verdicts 0 of 3",
        "A/A: same 2",
        "A/A: inconclusive 1",
        "5 % slower: shown 1 of 3 (measured 5.4 %)",
        "10 % slower: shown 3 of 3 (measured 10.4 %)",
        "resolution (half-width of A/A) 3.1 %",
        "of it, for contention 0.4 %",
        "slices rejected 12 % (make, pid 7)",
        "restarts with clean rounds 3 of 4",
        "torch was skipped: torch is not installed.",
        "On this machine with 2 threads a difference of 10 % is shown reliably.",
        "- Close make.",
    ):
        assert line in lines


def test_json_is_one_document_that_reads_back_equal(cli, found):
    """And nothing else is on standard output."""
    found(DONE)
    result = cli("selftest", "--json")
    assert msgspec.json.decode(result.out, type=SelfTest) == DONE
    assert msgspec.json.decode(result.out)["schema"] == "infer-compare/selftest"


def test_the_exit_code_is_1_where_verdicts_cannot_be_trusted(cli, found):
    """Whatever the form of the output."""
    found(msgspec.structs.replace(DONE, passed=False))
    assert cli("selftest").code == 1
    assert cli("selftest", "--json").code == 1


def test_a_busy_machine_has_no_table_but_a_statement(cli, found):
    """There is nothing to put into one."""
    busy = msgspec.structs.replace(FOUND, state="busy", reason="the machine is busy: make")
    found(msgspec.structs.replace(DONE, backends=(busy,), statement="Nothing could be measured.", passed=False))
    result = cli("selftest")
    assert result.code == 1
    assert "A/A" not in result.out
    assert "Nothing could be measured." in result.out


def test_options_reach_the_self_test(cli, found, tmp_path):
    """With the budget in seconds, and backends one by one."""
    asked = found(DONE)
    result = cli(
        "selftest", "--backends", "torch,onnx", "--budget", "3m", "--threads", "1", "--model", "mlp", "--quick",
        "-o", tmp_path / "kept",
    )  # fmt: skip
    assert asked["backends"] == ["torch", "onnx"]
    assert asked["budget_s"] == 180
    assert asked["folder"] == tmp_path / "kept"
    assert (asked["setup"].threads, asked["setup"].model, asked["setup"].quick) == (1, "mlp", True)
    assert "kept" in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--backends", "onyx"], 2, "onyx"),
        (["--budget", "5"], 2, "unit"),
        (["--threads", "0"], 2, "threads"),
        (["--model", "nonesuch", "--backends", "reference"], 2, "nonesuch"),
    ],
)
def test_bad_input_is_usage(cli, arguments, code, word):
    """With a sentence that names it."""
    result = cli("selftest", *arguments)
    assert result.code == code
    assert word in result.err


def test_without_a_usable_backend_the_exit_code_is_3(cli):
    """Neither of the defaults is there."""
    result = cli("--no-plugin", "torch", "--no-plugin", "onnx", "selftest")
    assert result.code == 3
    assert "No backend can run" in result.err


def test_an_interrupt_leaves_no_process_and_says_where_the_runs_are(tmp_path: Path):
    """While a worker is at work."""
    command = [sys.executable, "-m", "infer_compare", "selftest", "--backends", "reference", "--model", "mlp"]
    process = subprocess.Popen(
        [*command, "--threads", "1", "-o", "kept"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        log = tmp_path / "kept" / "reference" / "run.jsonl"
        until = time.monotonic() + WAIT_S
        while not (log.exists() and '"type":"start"' in log.read_text()):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        alive = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Results so far are in kept" in errors
    gone, left = psutil.wait_procs(alive, timeout=WAIT_S)
    assert gone
    assert not left
