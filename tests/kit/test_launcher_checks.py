"""The checks of launchers: sound ones pass, each lie is caught by its check, and processes are really killed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from infer_compare.fleet.launchers.local import Local
from infer_compare.launchers import Beat, Ended, Lines, Lost, Machine, Started, Unreachable
from infer_compare.testing import Violation, check_launcher
from infer_compare.testing.launched import Launched, stand_in
from infer_compare.testing.stand_in import digest, text_of

ELSEWHERE = "a machine far away"


class Scripted:
    """A sound launcher of a machine that only says what a stand-in would say there."""

    name = "scripted"
    install_hint = ""

    def __init__(self):
        self._came = []

    def connect(self, address, deadline_s):
        if address is not None:
            raise Unreachable(f"Nothing answers at {address}; leave it out.")

    def machines(self):
        return [Machine(id="far", host=ELSEWHERE, cpus=2)]

    def facts(self):
        return dict.fromkeys(("cpu", "python", "infer_compare", "pid"), "1") | {"host": ELSEWHERE}

    def header(self, files):
        return {"pids": [1, 1], "folder": str(id(files)), "blocked_or_ignored": [], "files": files}

    def start(self, job):
        parser = argparse.ArgumentParser()
        parser.add_argument("--lines", type=int, default=0)
        parser.add_argument("--hold", action="store_true")
        asked, _ = parser.parse_known_args(job.argv)
        header = self.header({path.name: digest(path) for path in job.files.values()})
        records = [header, *({"line": number, "text": text_of(number)} for number in range(asked.lines))]
        self.put(Started(job=job.id, attempt=1, facts=self.facts()))
        self.offset = 0
        for record in records:
            self.write(job.id, record)
        if asked.hold:
            self.put(Beat(job=job.id, attempt=1), Beat(job=job.id, attempt=1))
        else:
            self.put(Ended(job=job.id, attempt=1, rc=0, stderr="The last line."))

    def write(self, job, record):
        text = json.dumps(record, ensure_ascii=False) + "\n"
        self.put(Lines(job=job, attempt=1, offset=self.offset, text=text))
        self.offset += len(text.encode())

    def put(self, *events):
        self._came += events

    def events(self, timeout_s):
        came, self._came = self._came, []
        return came

    def stop(self, job, grace_s):
        self.write(job, {"line": "interrupted"})
        self.put(Ended(job=job, attempt=1, rc=130, stderr="Interrupted."))

    def close(self):
        self._came.clear()


KILLING = {"run_killed", "node_killed", "silence", "driver_killed"}


def by_outcome(report, outcome):
    """The checks that ended so."""
    return {result.check for result in report.results if type(result).__name__ == outcome}


def test_a_sound_launcher_of_another_machine_passes_and_nothing_is_killed_there():
    """What cannot be checked from here is skipped."""
    report = check_launcher(Scripted)
    report.verify()
    assert by_outcome(report, "Skipped") == KILLING


class TakesAnyAddress(Scripted):
    """Finds out nothing."""

    def connect(self, address, deadline_s):
        pass


class ListsNobody(Scripted):
    """Has no machine."""

    def machines(self):
        return []


class RepeatsLines(Scripted):
    """Sends each line twice."""

    def put(self, *events):
        super().put(*(each for event in events for each in [event] * (2 if isinstance(event, Lines) else 1)))


class LosesLines(Scripted):
    """Sends the first line alone."""

    def put(self, *events):
        super().put(*(event for event in events if not isinstance(event, Lines) or event.offset == 0))


class CutsLines(Scripted):
    """Sends what is no whole line."""

    def put(self, *events):
        super().put(*(replace(event, text=event.text[:-1]) if isinstance(event, Lines) else event for event in events))


class ForgetsItsFacts(Scripted):
    """Says nothing of the machine."""

    def facts(self):
        return {}


class GoesOnAfterTheEnd(Scripted):
    """Says after the end that the job is lost."""

    def put(self, *events):
        super().put(*events)
        super().put(*(Lost(job=event.job, attempt=1, why="it is over") for event in events if isinstance(event, Ended)))


class DamagesFiles(Scripted):
    """Ships something else."""

    def header(self, files):
        return super().header(dict.fromkeys(files, "0"))


class LeavesSignalsBlocked(Scripted):
    """Hands down what its own processes have."""

    def header(self, files):
        return super().header(files) | {"blocked_or_ignored": ["SIGINT"]}


class KillsWhatItStops(Scripted):
    """Gives a run no time to end."""

    def stop(self, job, grace_s):
        self.put(Ended(job=job, attempt=1, rc=-9))


class HasOneFolder(Scripted):
    """Runs all jobs in one place."""

    def header(self, files):
        return super().header(files) | {"folder": "/tmp/job"}


LIES = {
    TakesAnyAddress: "unreachable",
    ListsNobody: "machines",
    RepeatsLines: "runs",
    LosesLines: "runs",
    CutsLines: "runs",
    ForgetsItsFacts: "runs",
    GoesOnAfterTheEnd: "two_jobs",
    DamagesFiles: "files",
    LeavesSignalsBlocked: "signals",
    KillsWhatItStops: "stops",
    HasOneFolder: "two_jobs",
}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_launcher_that_breaks_a_promise_is_caught(lie):
    """By the check of that promise."""
    report = check_launcher(lie)
    assert LIES[lie] in by_outcome(report, "Failed")
    with pytest.raises(Violation, match=f"{LIES[lie]}: "):
        report.verify()


def test_an_end_that_does_not_come_is_a_violation_that_says_what_came():
    """It is not waited for without end."""
    launched = Launched(Scripted())
    job = launched.start(stand_in("far", "--hold"))
    with pytest.raises(Violation, match=r"did not come within 0.1 s; these events came: Started, Lines, Beat, Beat"):
        launched.end(job, 0.1)


def test_a_launcher_that_lacks_its_package_is_skipped():
    """But for what it declares."""
    needy = type("Needy", (Scripted,), {"requires": ("no_such_module",), "install_hint": "pip install needy"})
    report = check_launcher(needy)
    assert by_outcome(report, "Passed") == {"declared"}
    assert all("pip install needy" in result.reason for result in report.results if result.check != "declared")


def test_the_command_checks_a_launcher_of_a_file_at_an_address(cli, tmp_path):
    """The address is the launcher's."""
    file = tmp_path / "mine.py"
    file.write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_launcher_checks import Scripted\n"
        "class Mine(Scripted):\n"
        "    def connect(self, address, deadline_s):\n"
        "        super().connect(None if address == 'here' else address, deadline_s)\n"
    )
    done = cli("plugin", "check", f"{file}:Mine", "--address", "here", "--json")
    assert done.code == 0, done.out
    assert json.loads(done.out)["kind"] == "launcher"
    done = cli("plugin", "check", f"{file}:Mine", "--address", "there")
    assert (done.code, done.out, done.err) == (2, "", "Error: Nothing answers at there; leave it out.\n")


def test_an_address_that_the_launcher_of_this_machine_cannot_have_is_a_usage_error(cli):
    """No check is made."""
    done = cli("plugin", "check", "local", "--address", "x")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: The launcher local runs on this machine and has no address")


def test_a_launcher_that_raises_at_an_address_fails_its_checks():
    """An error of its own is no matter of the address."""

    class Breaks(Scripted):
        def connect(self, address, deadline_s):
            raise ZeroDivisionError

    assert "machines" in by_outcome(check_launcher(Breaks, "here"), "Failed")


def test_an_address_is_refused_for_what_is_no_launcher(cli):
    """It would be of no use."""
    done = cli("plugin", "check", "reference", "--address", "gpu1")
    assert done.code == 2
    assert "--address is for launchers" in done.err


@pytest.mark.linux
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_launcher_of_this_machine_keeps_every_promise():
    """With real jobs, whose processes are killed; nothing is skipped."""
    report = check_launcher(Local)
    report.verify()
    assert not by_outcome(report, "Skipped")


@pytest.mark.linux
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_launcher_behind_a_shell_that_stays_keeps_every_promise():
    """The node side is then a child of what is started here, as it is behind `ssh`."""
    report = check_launcher(BehindAShell)
    report.verify()
    assert not by_outcome(report, "Skipped")


class BehindAShell(Local):
    """Starts the node side by a shell that waits for it."""

    name = "behind_a_shell"

    def command(self, machine, *arguments):
        return ["bash", "-c", '"$@"; exit $?', "bash", *super().command(machine, *arguments)]
