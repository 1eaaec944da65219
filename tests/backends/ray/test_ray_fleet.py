"""A fleet on a real Ray cluster, through the command line: a node ends in mid-run, the user interrupts, and resuming completes it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.linux, pytest.mark.timeout(600)]

FLEET = """
launcher = "ray"
machines = "size=of-the-fleet"
attempts = 1
models = [{model = "mlp", name = "a"}, {model = "mlp", name = "b"}]

[options]
backends = "reference"
restarts = 2
rounds = 2
threads = 1
batch_sizes = "1"
"""
WAIT_S = 120.0


class Fleet:
    """What the ledger of a fleet says."""

    def __init__(self, folder, address):
        self.folder = folder
        self._address = address

    def command(self, *words):
        """Begin a command of `infer-compare fleet`."""
        return subprocess.Popen(
            [sys.executable, "-m", "infer_compare", "fleet", *words, "--address", self._address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def entries(self, kind):
        """Return the entries of a type."""
        try:
            lines = (self.folder / "fleet.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [entry for line in lines if (entry := json.loads(line))["type"] == kind]

    def wait_for_lines(self, place):
        """Wait until records of that attempt, counted over all jobs, have come; return its entry."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            attempts = self.entries("attempt")
            if len(attempts) > place and self.lines_of(attempts[place]["job"]):
                return attempts[place]
            time.sleep(0.1)
        raise TimeoutError(self.entries("end"))

    def wait_until_nothing_runs(self):
        """Wait until the node sides of all attempts have gone, which comes right after their last word."""
        until = time.monotonic() + WAIT_S
        pids = {int(entry["facts"]["pid"]) for entry in self.entries("facts")}
        while left := pids & _running():
            assert time.monotonic() < until, left
            time.sleep(0.1)

    def lines_of(self, job):
        """Return the records that came of a job."""
        files = list((self.folder / job).glob("run.jsonl*"))
        return files[0].read_text(encoding="utf-8").splitlines() if files else []

    def states(self):
        """Return how each job ended last."""
        return {entry["job"]: entry["state"] for entry in self.entries("end")}


def _running():
    processes = psutil.process_iter(["status"])
    return {process.pid for process in processes if process.info["status"] != psutil.STATUS_ZOMBIE}


def test_a_fleet_outlives_a_node_and_an_interrupt_and_resume_completes_it(cluster, tmp_path):
    """Two jobs, two nodes: one ends with its job, the other runs what is left."""
    cluster.add("fifth", "of-the-fleet")
    cluster.add("sixth", "of-the-fleet")
    file = tmp_path / "fleet.toml"
    file.write_text(FLEET, encoding="utf-8")
    fleet = Fleet(tmp_path / "fleet", cluster.address)

    running = fleet.command("run", str(file), "--output", str(fleet.folder))
    first = fleet.wait_for_lines(0)
    cluster.remove(first["machine"]["labels"]["node"])
    second = fleet.wait_for_lines(1)
    assert fleet.states() == {first["job"]: "lost"}
    assert fleet.lines_of(first["job"])
    assert second["machine"]["id"] != first["machine"]["id"]
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=WAIT_S)
    assert running.returncode == 130, errors
    assert fleet.states() == {first["job"]: "lost", second["job"]: "stopped"}
    fleet.wait_until_nothing_runs()

    resumed = fleet.command("resume", str(fleet.folder))
    _, errors = resumed.communicate(timeout=WAIT_S)
    # A busy machine leaves something unanswered.
    assert resumed.returncode in {0, 1}, errors
    assert set(fleet.states().values()) <= {"done", "incomplete"}
    assert list(fleet.folder.glob("*.html"))
