"""Checks of a launcher with real stand-in jobs that end, are stopped, or have their processes killed."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from infer_compare.interfaces.launchers import Beat, Ended, Lost, Machine, Started, Unreachable
from infer_compare.plugins import Origin
from infer_compare.plugins.launcher_registration import read_launcher
from infer_compare.plugins.registration import Unfit
from infer_compare.testing.checking import Check, PluginReport, run_checks
from infer_compare.testing.conformance.violation import Violation
from infer_compare.testing.launched import START_S, Launched, check_gone, described, stand_in
from infer_compare.testing.launcher_subject import CONNECT_S, LINES, LauncherSubject
from infer_compare.testing.stand_in import text_of

if TYPE_CHECKING:
    from infer_compare.interfaces.launchers import Launcher

NOWHERE = "127.0.0.1:1"
"""An address at which nothing answers, for any kind of address."""
UNREACHABLE_S = 15.0
LOST_S = 45.0
"""Seconds until a killed process must be noticed."""


def check_launcher(launcher: type[Launcher], address: str | None = None) -> PluginReport:
    """Check a launcher with real jobs on real machines, which takes a minute or two.

    Args:
        launcher: the class that the hook returns. If a package in its `requires` is not installed, most checks are skipped.
        address: the address of the machines, as for `--address`. Checks that kill processes are skipped unless they include
            this machine.

    Raises:
        UsageError: nothing can be reached at the address.
    """
    checks = _LauncherChecks(launcher, address)
    try:
        checks.reach()
        return run_checks(
            "launcher",
            str(getattr(launcher, "name", launcher)),
            (
                Check("declared", "name and methods are there", checks.declared),
                Check(
                    "unreachable",
                    f"an address where nothing answers is refused by a sentence within {UNREACHABLE_S:g} s",
                    checks.unreachable,
                ),
                Check("machines", "at least one machine is listed, each once", checks.machines),
                Check("runs", "a job starts, its lines come whole and once, and its end comes last", checks.runs),
                Check("files", "files and folders arrive as they are", checks.files),
                Check("signals", "no signal that ends a job is blocked or ignored when it starts", checks.signals),
                Check("two_jobs", "two jobs on one machine do not disturb each other", checks.two_jobs),
                Check("stops", "a stopped job ends as after Ctrl-C, and beats until then", checks.stops),
                Check("stops_deaf", "a job that does not end by itself is ended after the grace", checks.stops_deaf),
                Check("run_killed", "a killed run is reported with its signal", checks.run_killed),
                Check("node_killed", "a job whose node side is killed is lost, and its run ended", checks.node_killed),
                Check("silence", "a frozen node side holds up nothing and can be given up", checks.silence),
                Check("driver_killed", "nothing is left when the launching process is killed", checks.driver_killed),
                Check("closes", "`close` ends jobs, leaves nothing behind and may be called twice", checks.closes),
            ),
        )
    finally:
        checks.close()


class _LauncherChecks(LauncherSubject):
    def declared(self) -> None:
        try:
            read_launcher(self.launcher, Origin("checked", "checked"), ())
        except Unfit as unfit:
            raise Violation(f"{unfit}.") from None

    def unreachable(self) -> None:
        launcher = self.make()
        began = time.monotonic()
        try:
            launcher.connect(NOWHERE, UNREACHABLE_S - 5)
        except Unreachable as reason:
            text = str(reason)
            if not text.strip() or "\n" in text.strip():
                raise Violation(f"Unreachable must hold one sentence, not {text!r}.") from None
        else:
            raise Violation(f"`connect` took {NOWHERE} for an address; raise Unreachable.")
        finally:
            launcher.close()
        if (took_s := time.monotonic() - began) > UNREACHABLE_S:
            raise Violation(f"it took {took_s:.0f} s to find out; keep to the deadline.")

    def machines(self) -> None:
        machines = self.connected.launcher.machines()
        if not machines or not all(isinstance(machine, Machine) for machine in machines):
            raise Violation("`machines` returned no machine; raise Unreachable in `connect` where there is none.")
        if len({machine.id for machine in machines}) < len(machines):
            raise Violation("two machines have the same id.")
        for machine in machines:
            if not machine.id or not machine.host or machine.cpus < 1:
                raise Violation(f"{machine} lacks an id, a host or cores.")

    def runs(self) -> None:
        launched, job = self.normal
        started, records, end = launched.of(job, Started), launched.records(job), launched.last(job)
        if len(started) != 1:
            raise Violation(f"Started came {len(started)} times.")
        if missing := sorted({"host", "cpu", "python", "infer_compare", "pid"} - started[0].facts.keys()):
            raise Violation(f"Started lacks the facts {', '.join(missing)}.")
        expected = [{"line": number, "text": text_of(number)} for number in range(LINES)]
        if records[1:] != expected:
            raise Violation(f"{len(records)} lines came; they differ from the {LINES + 1} that were written.")
        if end != Ended(job=job, attempt=1, rc=0, stderr="The last line."):
            raise Violation(f"a job that should succeed ended like this: {end}.")
        launched.check_gone(job)

    def files(self) -> None:
        launched, job = self.normal
        if launched.records(job)[0]["files"] != self.digests:
            raise Violation("the files that arrived differ from those that were sent.")

    def signals(self) -> None:
        launched, job = self.normal
        if signals := launched.records(job)[0]["blocked_or_ignored"]:
            raise Violation(f"{', '.join(signals)} would not reach a run; start the node side of infer-compare.")

    def two_jobs(self) -> None:
        launched = self.connected
        jobs = [launched.start(stand_in(self.machine, "--lines", str(LINES))) for _ in range(2)]
        for job in jobs:
            end = launched.end(job, START_S)
            if not isinstance(end, Ended) or end.rc != 0 or len(launched.records(job)) != LINES + 1:
                raise Violation(f"one of two jobs ended like this, with {len(launched.records(job))} lines: {end}.")
        folders = {launched.records(job)[0]["folder"] for job in jobs}
        if len(folders) < len(jobs):
            raise Violation("two jobs had the same folder.")

    def stops(self) -> None:
        launched = self.connected
        job = launched.running(machine=self.machine)
        launched.until("a second beat", lambda: len(launched.of(job, Beat)) > 1)
        end = self.stopped(job)
        if not isinstance(end, Ended) or end.rc != 130 or launched.records(job)[-1] != {"line": "interrupted"}:
            raise Violation(f"a stopped job ended like this: {described(end)}; it must end as after Ctrl-C.")
        launched.check_gone(job)

    def stops_deaf(self) -> None:
        launched = self.connected
        job = launched.running("--deaf", machine=self.machine)
        self.stopped(job)
        launched.check_gone(job)

    def run_killed(self) -> None:
        launched = self.connected
        with self.victim() as job:
            os.kill(launched.records(job)[0]["pids"][0], signal.SIGKILL)
            end = launched.end(job, LOST_S)
        if not isinstance(end, Ended) or end.rc != -signal.SIGKILL:
            raise Violation(f"a job whose run was killed ended like this: {described(end)}.")
        launched.check_gone(job)

    def node_killed(self) -> None:
        launched = self.connected
        with self.victim() as job:
            os.kill(launched.node(job), signal.SIGKILL)
            end = launched.end(job, LOST_S)
        if not isinstance(end, Lost) or not end.why.strip():
            raise Violation(f"a job whose node side was killed ended like this: {described(end)}.")
        launched.check_gone(job)

    def silence(self) -> None:
        launched = self.connected
        with self.victim() as job:
            node = launched.node(job)
            os.kill(node, signal.SIGSTOP)
            try:
                for _ in range(5):
                    launched.take(1.0)
                self.stopped(job)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(node, signal.SIGCONT)
        launched.check_gone(job)

    def driver_killed(self) -> None:
        with self.victim() as job:
            # Check first that processes of this machine can be killed.
            self.connected.node(job)
        source = inspect.getsourcefile(self.launcher) or ""
        command = [
            *(sys.executable, "-P", "-m", "infer_compare.testing.launcher_driver"),
            *(self.launcher.__module__, source, self.launcher.__qualname__, self.machine, str(CONNECT_S)),
            *([self.address] if self.address is not None else []),
        ]
        with tempfile.TemporaryFile() as errors:
            driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
            assert driver.stdout is not None
            with driver.stdout as output:
                line = output.readline()
                driver.kill()
                driver.wait()
            if not line:
                errors.seek(0)
                raise Violation(
                    f"another process could not launch a job: {errors.read()[-300:].decode(errors='replace')}"
                )
        token, _, header = json.loads(line)
        check_gone(token, header)

    def closes(self) -> None:
        launched = Launched(self.made())
        try:
            job = launched.running(machine=self.machine)
        finally:
            launched.launcher.close()
            launched.launcher.close()
        launched.check_gone(job)
