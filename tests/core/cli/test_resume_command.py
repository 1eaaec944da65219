"""`infer-compare run --resume` at the command line, after a kill, an interrupt, and by mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING

import onnx
import psutil
import pytest
from onnx import TensorProto, helper

from fault_injection import fake
from fault_injection.shadowed import Constants, command
from infer_compare.api import load_run
from infer_compare.interfaces import OperatingPoint
from infer_compare.models.builtin import builtin_models
from infer_compare.report.document import document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT_S = 90.0
FAKE = f"{fake.__file__}:FakeBackend:label=slow,fixed_us=4000"
FEW = Constants(rounds=6)
"""As many as leave time for a kill; a run that is resumed keeps to them."""
RUN = ("run", "mlp", "-b", FAKE, "--batch-sizes", "1,2", "--threads", "1", "--quick", "-o", "run")


@pytest.fixture
def cut_off(tmp_path: Path) -> Callable[..., bytes]:
    """Starts a run, ends it by a signal once so many records of a kind are on disk, and returns what is stored."""

    def start(moment: str, number: signal.Signals, *, run: tuple[str, ...] = RUN, times: int = 1) -> bytes:
        file = tmp_path / "run" / "run.jsonl"
        words = [*command(tmp_path / "shadow.jsonl", FEW), *run]
        process = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until = time.monotonic() + WAIT_S
        while not (file.exists() and file.read_bytes().count(f'{{"type":"{moment}"'.encode()) >= times):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        alive = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, number)
        process.wait(WAIT_S)
        psutil.wait_procs(alive, WAIT_S)
        data = file.read_bytes()
        return data[: data.rfind(b"\n") + 1]

    return start


@pytest.mark.parametrize(
    ("moment", "number"), [("probe", signal.SIGKILL), ("round", signal.SIGKILL), ("round", signal.SIGINT)]
)
@pytest.mark.usefixtures("open_gate")
def test_a_run_that_was_cut_off_is_completed_and_keeps_what_it_had(cli, cut_off, tmp_path, moment, number) -> None:
    """Killed or interrupted; what was stored is the beginning of what there is then."""
    stored = cut_off(moment, number)

    result = cli("run", "--resume", "run", "--json")

    assert (tmp_path / "run" / "run.jsonl").read_bytes().startswith(stored)
    assert json.loads(result.out)["state"] == "complete"
    probes = [(one.contender, one.point) for one in load_run(tmp_path / "run").probes]
    assert len(probes) == len(set(probes))


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "times"), [("probe", 5), ("round", 4), ("round", 13)])
@pytest.mark.usefixtures("open_gate")
def test_a_run_over_an_axis_that_was_killed_measures_no_point_twice_and_loses_none(
    cli, cut_off, tmp_path, moment, times
) -> None:
    """Killed while it explored the second length, and in the first and the second restart: that one begins again, in new workers."""
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "tokens",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "seq"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", "seq"])],
    )
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(file, tmp_path / "tokens.onnx")
    contenders = [
        f"{fake.__file__}:FakeBackend:label={label},fixed_us={us}" for label, us in (("a", 4000), ("b", 4100))
    ]
    named = [word for one in contenders for word in ("-b", one)]
    sizes = ("--axis", "seq=4,8,16", "--batch-sizes", "1,2", "--mix", "seq=4:0.5,8:0.25,16:0.25")
    stored = cut_off(
        moment,
        signal.SIGKILL,
        run=("run", "tokens.onnx", *named, *sizes, "--threads", "1", "--quick", "-o", "run"),
        times=times,
    )

    result = cli("run", "--resume", "run", "--json")

    assert json.loads(result.out)["state"] == "complete"
    assert (tmp_path / "run" / "run.jsonl").read_bytes().startswith(stored)
    run = load_run(tmp_path / "run")
    points = {OperatingPoint(batch, (("seq", size),)) for batch in (1, 2) for size in (4, 8, 16)}
    probes = [(probe.contender, probe.point) for probe in run.probes]
    assert sorted(probes) == sorted((label, point) for label in "ab" for point in points)
    measured = [round_ for round_ in run.rounds if round_.phase == "measure"]
    restarts = Counter((round_.restart, round_.point) for round_ in measured)
    whole = [
        number
        for number in {round_.restart for round_ in measured}
        if all(restarts[number, point] == FEW.rounds for point in points)
    ]
    cut = {round_.restart for round_ in measured} - set(whole)
    assert len(whole) == run.header.plan.restarts
    assert len(cut) == (1 if moment == "round" else 0)
    assert document(run).across.mix is not None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--quick",), "--quick"),
        (("--threads", "2"), "--threads"),
        (("-b", "onnx"), "--contender"),
        (("mlp",), "MODEL"),
        (("-o", "other"), "--output"),
        (("--dry-run",), "--dry-run"),
    ],
)
def test_nothing_that_decides_the_figures_can_be_changed(cli, options, named) -> None:
    """The option is named."""
    result = cli("run", "--resume", "run", *options)

    assert result.code == 2
    assert named in result.err
    assert "keeps the original options" in result.err


def test_what_is_no_run_is_told(cli, tmp_path) -> None:
    """In one sentence."""
    (tmp_path / "empty").mkdir()

    assert "There is no run nowhere" in cli("run", "--resume", "nowhere").err
    assert "There is no run at empty" in cli("run", "--resume", "empty").err


def test_a_complete_run_is_shown_again(cli, tmp_path) -> None:
    """It is not run again, and its file stays as it is."""
    words = [*command(tmp_path / "shadow.jsonl", Constants()), *RUN]
    subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=WAIT_S, check=True)
    file = tmp_path / "run" / "run.jsonl"
    before = file.read_bytes()

    result = cli("run", "--resume", "run")

    assert result.code == 0
    assert "Use slow" in result.out
    assert file.read_bytes() == before


def test_a_model_that_was_named_from_another_folder_is_told_with_where_to_go(
    cli, cut_off, tmp_path, monkeypatch
) -> None:
    """Whoever repeats or resumes a run elsewhere is not left with a file that is not there."""
    onnx.save(builtin_models()["mlp"].build(seed=0), tmp_path / "net.onnx")
    cut_off("probe", signal.SIGKILL, run=("run", "net.onnx", *RUN[2:]))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    for again in (("--resume",), ("--config",), ("--dry-run", "--config")):
        result = cli("run", *again, tmp_path / "run")

        assert result.code == 2, again
        assert "There is no model file net.onnx" in result.err, again
        assert "started in another folder, relative to which it names net.onnx" in result.err, again
        assert list(elsewhere.iterdir()) == [], again
