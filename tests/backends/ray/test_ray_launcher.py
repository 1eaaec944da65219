"""Jobs on a real Ray cluster of two nodes: where they run, and what is told of them when nodes end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from infer_compare import __version__
from infer_compare.launchers import Ended, Lost, Started
from infer_compare.testing import check_launcher
from infer_compare.testing.launched import stand_in
from infer_compare_ray.launcher import RayLauncher

pytestmark = [pytest.mark.slow, pytest.mark.linux, pytest.mark.timeout(300)]


def test_the_launcher_passes_the_checks_of_launchers(cluster):
    """Jobs that run, are stopped, and whose processes are killed one after the other."""
    report = check_launcher(RayLauncher, cluster.address)
    assert not [result for result in report.results if type(result).__name__ != "Passed"]


def test_nodes_of_one_machine_are_one_host_with_their_own_labels(connected):
    """The head, which offers no processors, is no machine."""
    first, second = connected.machine("first"), connected.machine("second")
    assert first.host == second.host
    assert first.id != second.id
    assert (first.cpus, first.gpus, first.labels["size"]) == (2, 0, "small")
    assert {"address", "hostname", "cpu"} <= first.labels.keys()
    assert not [machine for machine in connected.launcher.machines() if "node" not in machine.labels]


def test_a_job_runs_as_if_ray_had_not_started_it(connected):
    """Neither nice nor with a number of threads that Ray has set, and no secret of the cluster is told."""
    job = connected.hold("first")
    pid = connected.records(job)[0]["pids"][0]
    variables = Path(f"/proc/{pid}/environ").read_text(encoding="utf-8").split("\0")
    niceness = os.getpriority(os.PRIO_PROCESS, pid)
    connected.launcher.stop(job, 5)
    connected.end(job, 30)
    assert niceness == 0
    assert not [line for line in variables if line.startswith(("RAY_", "OMP_NUM_THREADS="))]
    facts = connected.of(job, Started)[0].facts
    assert "OMP_NUM_THREADS=2 removed" in facts["repaired"]
    assert os.environ["RAY_AUTH_TOKEN"] not in str(facts)


def test_a_node_that_is_shut_down_loses_its_job_and_no_other(cluster, connected):
    """What it had said before is kept; a job that is sent there afterwards is lost at once."""
    cluster.add("third", "small")
    machine = connected.machine("third")
    lost, other = connected.hold("third"), connected.hold("first")
    cluster.remove("third")
    end = connected.end(lost, 30)
    assert isinstance(end, Lost)
    assert "died" in end.why
    assert connected.records(lost)
    connected.check_gone(lost)
    late = connected.start(stand_in(machine.id))
    assert isinstance(connected.end(late, 30), Lost)
    connected.launcher.stop(other, 5)
    assert connected.end(other, 30) == Ended(job=other, attempt=1, rc=130, stderr="Interrupted.")


def test_a_job_whose_node_is_cut_off_from_ray_is_lost_and_leaves_nothing(cluster, connected):
    """Ray leaves its workers running where its own process is killed."""
    cluster.add("fourth", "small")
    job = connected.hold("fourth")
    cluster.kill("fourth")
    connected.check_gone(job)
    assert isinstance(connected.end(job, 60), Lost)


def test_a_job_that_was_tried_again_is_told_from_its_first_attempt(connected):
    """The first one may still have to end when the second is running."""
    job = connected.hold("first")
    os.kill(connected.node(job), signal.SIGSTOP)
    connected.launcher.stop(job, 0)
    connected.launcher.start(msgspec.structs.replace(stand_in(connected.machine("second").id), id=job, attempt=2))
    ends, until = {}, time.monotonic() + 60
    while len(ends) < 2 and time.monotonic() < until:
        ends |= {event.attempt: event for event in connected.launcher.events(1) if isinstance(event, Ended | Lost)}
    assert isinstance(ends[1], Lost)
    assert ends[2] == Ended(job=job, attempt=2, rc=0, stderr="The last line.")


def test_a_node_without_infer_compare_says_what_to_install(cluster, connected, tmp_path):
    """It is listed all the same, and its jobs are lost at once."""
    (tmp_path / "infer_compare.py").write_text("raise ImportError", encoding="utf-8")
    cluster.add("bare", "bare", str(tmp_path))
    end = connected.end(connected.start(stand_in(connected.machine("bare").id)), 30)
    cluster.remove("bare")
    assert isinstance(end, Lost)
    assert f"pip install infer-compare=={__version__}" in end.why


def test_a_driver_that_is_killed_loses_its_jobs_and_leaves_nothing(request):
    """Ray's own code ends the process when it loses the head."""
    before = psutil.Process().children()
    private = request.getfixturevalue("private")
    folder = _folder_of_private_ray()
    machine = private.machine("")
    job = private.running(machine=machine.id)
    (driver,) = set(psutil.Process().children()) - set(before)
    driver.kill()
    ends = [private.end(job, 30), private.end(private.start(stand_in(machine.id)), 30)]
    assert [type(end) for end in ends] == [Lost, Lost]
    assert not private.launcher.machines()
    private.check_gone(job)
    private.launcher.close()
    assert not _left_of(folder)


def test_a_private_ray_leaves_nothing_behind(tmp_path, monkeypatch, capfd, request):
    """No process, no folder, no token in the home folder, and nothing on the terminal."""
    monkeypatch.setenv("HOME", str(tmp_path))
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    private = request.getfixturevalue("private")
    folder = _folder_of_private_ray()
    job = private.running(machine=private.machine("").id)
    private.launcher.close()
    private.check_gone(job)
    assert not _left_of(folder)
    assert not list(tmp_path.iterdir())
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers
    assert capfd.readouterr() == ("", "")


def _folder_of_private_ray():
    """The folder that the processes of Ray name in their environment."""
    variables = (variables.get("RAY_TMPDIR", "") for variables in _environments().values())
    return Path(next(folder for folder in variables if folder.startswith("/tmp/infer-compare-")))


def _left_of(folder):
    left = [pid for pid, variables in _environments().items() if variables.get("RAY_TMPDIR") == str(folder)]
    return [*left, *([folder] if folder.exists() else [])]


def _environments():
    environments = {}
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                environments[process.pid] = process.environ()
        except psutil.Error:
            continue
    return environments
