"""`infer-compare doctor` as a person calls it."""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest

from fault_injection import FakeBackend
from infer_compare import hookimpl
from infer_compare.cli import diagnosis
from infer_compare.cli.diagnosis import Diagnosis
from infer_compare.environment import conditions, machine
from infer_compare.environment.conditions import Conditions
from infer_compare.environment.preflight import Advice
from infer_compare.plugins import Origin, Plugins
from infer_compare.results import ForeignProcess

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET = Conditions(foreign_cores=0.01, steal_share=0.0, throttled=0)


class Absent(FakeBackend):
    """Its framework is on no machine."""

    name = "absent"
    requires = ("a_framework_that_nobody_has",)
    install_hint = "pip install absent"


def plugins_of(*backends: type, broken: bool = False) -> Plugins:
    """What is installed."""
    plugins = Plugins()
    plugins.register(SimpleNamespace(infer_compare_backends=hookimpl(lambda: list(backends))), Origin("one", "here"))
    if broken:

        def fail():
            raise RuntimeError("no such library")

        plugins.register(
            SimpleNamespace(infer_compare_backends=hookimpl(fail)), Origin("bad", "there", "bad-pack", "2")
        )
    return plugins


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Callable[..., None]:
    """An ideal machine, but for what is changed; commands are run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    here = machine.describe(environ={})

    def use(seen: Conditions = QUIET, **changes: object) -> None:
        ideal = {
            "governor": "performance",
            "on_battery": False,
            "quota_cores": None,
            "load_average": (0.0, 0.0, 0.0),
            "schedstat": True,
            "packages": {},
            "gpus": (),
        }
        environment = msgspec.structs.replace(here, **{**ideal, **changes})
        monkeypatch.setattr(machine, "describe", lambda **_: environment)
        monkeypatch.setattr(conditions, "observe", lambda: seen)

    use()
    return use


def topics(found: Diagnosis) -> list[str]:
    """Of its advice, in order."""
    return [one.topic for one in found.advice]


def test_an_ideal_machine_has_nothing_to_be_advised_of(on, cli):
    """Exit code 0, and that is said."""
    found = diagnosis.diagnose(plugins_of(FakeBackend))
    assert found.advice == ()
    assert not found.serious
    result = cli("doctor")
    assert result.code == 0
    assert "Nothing serious" in result.out


def test_what_is_serious_comes_first_and_decides_the_exit_code(on, cli):
    """Each with what is the case and what to do."""
    on(
        Conditions(foreign_cores=1e3, busiest=ForeignProcess(123, "make", 0.98), steal_share=0.0, throttled=0),
        governor="powersave",
    )
    found = diagnosis.diagnose(plugins_of(FakeBackend, Absent))
    assert topics(found) == ["load", "governor"]
    assert found.serious
    result = cli("doctor")
    assert result.code == 1
    text = " ".join(result.out.split())
    assert "! The load average is 0.0, other programs take" in text
    assert "make (pid 123)" in text
    assert "- The frequency governor is powersave" in text
    assert "cpupower" in text


def test_advice_that_is_not_serious_leaves_the_exit_code_0(on, cli):
    """It is told all the same."""
    on(governor="powersave")
    result = cli("doctor")
    assert result.code == 0
    assert "powersave" in result.out


def test_frameworks_are_listed_with_versions_and_with_what_is_missing(on):
    """Versions as the metadata of distributions tell them."""

    class Present(FakeBackend):
        name = "present"
        requires = ("numpy",)

    found = {one.backend: one for one in diagnosis.diagnose(plugins_of(FakeBackend, Absent, Present)).frameworks}
    assert found["present"].version.startswith("numpy ")
    assert found["absent"].missing == ("a_framework_that_nobody_has",)
    assert (found["absent"].version, found["absent"].install_hint) == ("", "pip install absent")
    assert (found["fake"].version, found["fake"].missing) == ("", ())


def test_without_any_framework_there_is_nothing_to_compare(on):
    """The reference alone does not count."""

    class Reference(FakeBackend):
        name = "reference"

    found = diagnosis.diagnose(plugins_of(Absent, Reference))
    assert topics(found) == ["frameworks"]
    assert found.serious
    assert "pip install absent" in found.advice[0].advice


def test_a_broken_plugin_is_told_with_its_reason_and_how_to_leave_it_out(on):
    """It costs itself and nothing else, and so it is not serious."""
    found = diagnosis.diagnose(plugins_of(FakeBackend, broken=True))
    assert [(one.plugin, "no such library" in one.reason) for one in found.broken] == [("bad (bad-pack 2)", True)]
    (advice,) = found.advice
    assert (advice.topic, advice.serious) == ("plugin", False)
    assert "no such library" in advice.text
    assert "--no-plugin bad;" in advice.advice


@pytest.mark.parametrize(
    ("seen", "schedstat", "clocks", "word"),
    [
        (QUIET, True, True, "each process"),
        (msgspec.structs.replace(QUIET, blind=True), True, False, "idle"),
        (QUIET, False, True, "200 ms"),
        (msgspec.structs.replace(QUIET, foreign_cores=None), False, False, "cannot be rejected"),
    ],
)
def test_how_disturbed_slices_are_recognised_here_is_told(on, seen, schedstat, clocks, word):
    """By what the kernel lets this process see."""
    on(seen, schedstat=schedstat)
    gate = diagnosis.diagnose(plugins_of(FakeBackend)).gate
    assert (gate.schedstat, gate.process_clocks) == (schedstat, clocks)
    assert word in gate.text


def test_a_full_disk_is_serious(on, monkeypatch):
    """With what is left."""
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil's
    monkeypatch.setattr(diagnosis.shutil, "disk_usage", lambda _: usage(2**40, 2**40, 7 * 2**20))
    found = diagnosis.diagnose(plugins_of(FakeBackend))
    assert topics(found) == ["storage"]
    assert found.serious
    assert "7 MiB left" in found.advice[0].text
    assert found.folder.free == 7 * 2**20


def test_a_run_folder_that_cannot_be_written_is_serious(on, monkeypatch, tmp_path):
    """Nothing is made to find out."""
    monkeypatch.setattr(diagnosis.os, "access", lambda *_: False)
    found = diagnosis.diagnose(plugins_of(FakeBackend))
    assert topics(found) == ["storage"]
    assert str(tmp_path / "runs") in found.advice[0].text
    assert not (tmp_path / "runs").exists()


def test_json_is_one_document_that_reads_back(on, cli):
    """With the advice by its parts."""
    on(governor="powersave", on_battery=True)
    result = cli("doctor", "--json")
    assert result.code == 1
    found = msgspec.json.decode(result.out, type=Diagnosis)
    assert [(one.topic, one.serious) for one in found.advice] == [("battery", True), ("governor", False)]
    assert all(isinstance(one, Advice) and one.text and one.advice for one in found.advice)
    assert found.threads >= 1
    assert found.environment.governor == "powersave"


def test_no_framework_is_imported():
    """Nor numpy, in a fresh interpreter, whatever this machine is like."""
    code = (
        "import sys\n"
        "from infer_compare.cli import main\n"
        "try:\n"
        "    main(['doctor', '--json'])\n"
        "except SystemExit:\n"
        "    found = {'torch', 'onnxruntime', 'tensorflow', 'onnx', 'numpy'} & set(sys.modules)\n"
        "    sys.exit(str(found) if found else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout)["schema"] == "infer-compare/doctor"


def test_the_help_lists_both_commands_without_importing_them():
    """The group imports a command only when it is asked for."""
    code = (
        "import sys\n"
        "from infer_compare.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit:\n"
        "    found = {'rich', 'infer_compare.cli.doctor', 'infer_compare.cli.selftest'} & set(sys.modules)\n"
        "    sys.exit(str(found) if found else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout
    assert "selftest" in done.stdout
