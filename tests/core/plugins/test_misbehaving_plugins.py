"""A plugin that misbehaves costs only itself, on every command; standard output holds what the command prints and no more."""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from fault_injection import fake
from infer_compare.cli import interrupts, main
from infer_compare.interruption import Interrupted
from infer_compare.plugins import BLOCK_VARIABLE, Origin, Plugins

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCES = runpy.run_path(str(Path(__file__).with_name("misbehaving.py")))
RAISES, WRONG, LISTED = SOURCES["RAISES"], SOURCES["WRONG"], SOURCES["LISTED"]
STORED = Path(__file__).parents[3] / "docs" / "example"
FAKE = f"{fake.__file__}:FakeBackend"
WAIT_S = 60.0


class Result(NamedTuple):
    """What a command printed, and its exit code."""

    code: object
    out: str
    err: str


@pytest.fixture
def cli(
    install: Callable[..., None], capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs `infer-compare` where every misbehaving plugin is installed; a traceback fails the test."""
    for name, source in {**RAISES, **WRONG, **LISTED}.items():
        install(name, source)
    monkeypatch.chdir(tmp_path)
    capfd.readouterr()

    def run(*arguments: str | Path) -> Result:
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return Result(ended.value.code, *printed)

    return run


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("backends", "reference"), {0}),
        (("doctor",), {0, 1}),
        (("explain", "mlp", "--backends", "reference"), {0}),
        (("run", "mlp", "--backends", "reference", "--dry-run"), {0}),
        (("check", "mlp", "-b", FAKE, "--batch-sizes", "1"), {0}),
        pytest.param(("models",), {0}, marks=pytest.mark.slow),
        pytest.param(
            ("--no-plugin", "torch", "--no-plugin", "tensorflow", "--no-plugin", "onnx", "devices"),
            {0},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("run", "mlp", "-b", FAKE, "--batch-sizes", "1", "--quick", "--threads", "1", "-o", "run"),
            {0, 1},
            marks=pytest.mark.slow,
        ),
        pytest.param(("plugin", "check", "reference", "--group", "options"), {0}, marks=pytest.mark.slow),
    ],
    ids=lambda one: " ".join(one[:2]) if isinstance(one, tuple) else "",
)
def test_a_command_does_its_work_beside_plugins_that_misbehave(
    cli: Callable[..., Result], arguments: tuple[str, ...], codes: set[int]
) -> None:
    """With the exit code that it has without them; as JSON it prints one document."""
    result = cli(*arguments, "--json")
    assert result.code in codes, result
    json.loads(result.out)
    assert "clamour" not in result.out
    assert "clamour" in result.err
    assert "\x1b" not in result.out
    if "-o" in arguments:
        assert "plugin: noisy (infer-compare-noisy 1.0): its hook infer_compare_run_started raised" in result.err


def test_no_text_of_a_plugin_steers_the_terminal(cli: Callable[..., Result]) -> None:
    """What cannot be printed is shown as an escape; a long text is cut."""
    result = cli("backends")
    assert all(one.isprintable() or one == "\n" for one in result.out)
    assert len(result.out) < 30_000
    assert r"\x1b[31m" in " ".join(result.out.split())


def test_each_plugin_that_misbehaves_is_listed_with_its_reason(cli: Callable[..., Result]) -> None:
    """Once for each thing that cannot be used; what is sound is not touched."""
    printed = cli("backends", "--json").out
    assert "clamour" not in printed
    told = json.loads(printed)
    assert {one["name"] for one in told["backends"]} == {"hinted", "onnx", "reference", "tensorflow", "torch"}
    reasons: dict[str, list[str]] = {}
    for one in told["broken"]:
        reasons.setdefault(one["plugin"].partition(" ")[0], []).append(one["reason"])
    assert set(reasons) == {*RAISES, *WRONG, "options"}
    assert all(len(reasons[name]) == 1 for name in RAISES)
    assert r"Odd: \x1b[31mred\x07" in reasons["base"][0]
    assert "KeyboardInterrupt: nobody pressed a key" in reasons["interrupts"][0]
    assert "Mute: <a Mute whose text cannot be shown: SystemExit>" in reasons["mute"][0]
    assert "returned more than 1000 objects" in reasons["endless"][0]
    assert "RecursionError" in reasons["recursive"][0]
    assert len(reasons["types"]) == 4 + 2 + 4 + 4
    assert "KeyboardInterrupt: of the class" in reasons["properties"][0]
    assert len(reasons["escaping"]) == 2


def test_a_report_format_that_exits_is_an_error_of_that_format(cli: Callable[..., Result]) -> None:
    """It is named; nothing is printed on standard output."""
    result = cli("report", STORED, "--format", "loud")
    assert (result.code, result.out) == (1, "")
    assert r"The report format 'loud' failed with SystemExit: \x1b[31mI leave; the run is stored." in result.err
    assert cli("report", STORED, "--format", "csv").code == 0


def test_a_model_that_cannot_be_built_is_refused_by_name(cli: Callable[..., Result]) -> None:
    """Its function exits; the run does not begin."""
    result = cli("check", "unbuildable", "-b", FAKE)
    assert result.code == 2
    assert "The model 'unbuildable' cannot be built (SystemExit: 7)." in result.err


def test_a_listener_that_raises_an_interrupt_is_told_apart_from_the_user() -> None:
    """Only a signal interrupts the run."""
    from infer_compare import hookimpl

    class Listener:
        @hookimpl
        def infer_compare_run_started(self, header: object) -> None:
            raise KeyboardInterrupt

        @hookimpl
        def infer_compare_run_finished(self, run: object) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(WAIT_S)

    plugins = Plugins()
    plugins.register(Listener(), Origin("listener", "test"))
    with interrupts.heard():
        plugins.run_started(None)
        assert "infer_compare_run_started raised KeyboardInterrupt" in plugins.broken[0].reason
        with pytest.raises(Interrupted) as interrupted:
            plugins.run_finished(None)
    assert interrupted.value.__notes__ == ["It came while telling the plugin listener."]


def start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `infer-compare` with the plugins in a folder, and no other but the built-in one for ONNX."""
    return subprocess.Popen(
        [sys.executable, "-m", "infer_compare", *arguments],
        env={**os.environ, "PYTHONPATH": str(tmp_path), BLOCK_VARIABLE: "torch,tensorflow,reference"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_threads_and_exit_functions_of_a_plugin_hold_up_nothing(install: Callable[..., None], tmp_path: Path) -> None:
    """The process ends with its own exit code, and with nothing of theirs on standard output."""
    install("leaving", SOURCES["LEAVING"])
    with start(tmp_path, "backends", "--json") as process:
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0
    assert [one["name"] for one in json.loads(out)["backends"]] == ["onnx"]
    assert "clamour at the end" in err


def test_a_plugin_that_hangs_when_it_is_imported_is_named_on_an_interrupt(
    install: Callable[..., None], tmp_path: Path
) -> None:
    """As Ctrl-C sends it."""
    install("hanging", f"open('began', 'w').close()\n{SOURCES['HANGING']}")
    with start(tmp_path, "backends") as process:
        until = time.monotonic() + WAIT_S
        while not (tmp_path / "began").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 130
    assert err.strip() == "Interrupted. It came while importing the plugin hanging (infer-compare-hanging 1.0)."
