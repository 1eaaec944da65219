"""The node side of a job, `python -m infer_compare.fleet.child`, as real processes that are stopped, left alone and killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import msgspec
import pytest

from infer_compare.fleet.node.messages import NodeJob, ShippedFile, Stop, Surroundings, line
from infer_compare.fleet.node.shipping import Parcel, ShippingError, receive
from infer_compare.interfaces.launchers import Beat, Ended, Lines, Started
from infer_compare.launchers import EventReader
from infer_compare.testing.launched import check_gone, stand_in

NODE = (sys.executable, "-P", "-m", "infer_compare.fleet.child")
WAIT_S = 30.0


class Node:
    """A node side, spoken to by its pipes."""

    def __init__(self, *prefix, **settings):
        self.process = subprocess.Popen(
            [*prefix, *NODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **settings
        )
        self.events = []
        self.reader = None

    def give(self, *parts):
        for part in parts:
            self.process.stdin.write(part)
        self.process.stdin.flush()

    def job(self, job, surroundings=None, place=""):
        self.reader = EventReader(job.id, job.attempt)
        self.give(*Parcel(job, surroundings, place=place))
        return self

    def read(self):
        """Read on; False at the end."""
        part = os.read(self.process.stdout.fileno(), 65536)
        self.events += self.reader.feed(part)
        return bool(part)

    def until(self, kind):
        while not (found := [event for event in self.events if isinstance(event, kind)]):
            assert self.read(), self.events
        return found[0]

    def rest(self):
        while self.read():
            pass
        return self.events


@pytest.fixture
def node():
    """Starts node sides, which end with the test."""
    nodes = []

    def start(*prefix, **settings):
        nodes.append(Node(*prefix, **settings))
        return nodes[-1]

    yield start
    for each in nodes:
        for stream in (each.process.stdin, each.process.stdout):
            stream.close()
        each.process.wait(WAIT_S)


def records_of(events):
    """What a stand-in has written."""
    text = "".join(event.text for event in events if isinstance(event, Lines))
    return [json.loads(record) for record in text.splitlines()]


DISTURBED = """
import os, signal, sys
signal.signal(signal.SIGQUIT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
os.nice(3)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_what_a_cluster_hands_down_is_repaired_or_reported(node, tmp_path):
    """Blocked signals, niceness, and variables of the cluster; a plain user cannot lower the niceness again."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_JOB": "x"}
    disturbed = node(sys.executable, "-c", DISTURBED, env=variables)
    job = stand_in("here", "--lines", "3")
    wanted = Surroundings(nice=before, unset=("OMP_NUM_THREADS", "RAY_*"))
    events = disturbed.job(job, wanted, place=str(tmp_path)).rest()
    facts = disturbed.until(Started).facts
    assert records_of(events)[0]["blocked_or_ignored"] == []
    assert "SIGINT, SIGQUIT let through" in facts["repaired"]
    assert "OMP_NUM_THREADS" in facts["repaired"]
    assert "RAY_* removed" in facts["repaired"]
    assert f"nice {before + 3}" in facts["repaired"] + facts.get("not_repaired", "")
    assert isinstance(events[-1], Ended)
    assert events[-1].rc == 0
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "way",
    [
        "closes its input",
        pytest.param("sends SIGTERM", marks=pytest.mark.slow),
        pytest.param("orders it", marks=pytest.mark.slow),
    ],
)
def test_a_run_is_interrupted_when_whoever_started_it(node, way, tmp_path):
    """It ends as after Ctrl-C, its last lines are sent, and neither a process nor the folder is left."""
    started = node()
    job = stand_in("here", "--hold")
    started.job(job, place=str(tmp_path)).until(Lines)
    if way == "closes its input":
        started.process.stdin.close()
    elif way == "sends SIGTERM":
        started.process.send_signal(signal.SIGTERM)
    else:
        started.give(line(Stop(grace_s=20)))
    events = started.rest()
    assert events[-1] == Ended(job=job.id, attempt=1, rc=130, stderr="Interrupted.")
    assert records_of(events)[-1] == {"line": "interrupted"}
    check_gone(job.id, records_of(events)[0])
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.linux
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv takes away what root may")
def test_what_only_root_may_repair_is_reported(node):
    """The run goes on, with the reason why it may be slower."""
    powerless = ("setpriv", "--bounding-set=-sys_nice,-sys_resource", sys.executable, "-c", DISTURBED)
    job = stand_in("here", "--lines", "1")
    left = node(*powerless).job(job, Surroundings(nice=os.getpriority(os.PRIO_PROCESS, 0)))
    assert "only root may lower it" in left.until(Started).facts["not_repaired"]
    assert left.rest()[-1].rc == 0


BETWEEN = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"


def test_a_run_ends_with_the_parent_of_its_node_side_although_the_pipes_stay_open(node, tmp_path):
    """As behind a worker of a cluster that is killed."""
    between = node(sys.executable, "-I", "-S", "-c", BETWEEN)
    job = stand_in("here", "--hold")
    between.job(job, place=str(tmp_path)).until(Lines)
    between.process.kill()
    assert between.rest()[-1] == Ended(job=job.id, attempt=1, rc=130, stderr="Interrupted.")
    check_gone(job.id, records_of(between.events)[0])
    assert not any(tmp_path.iterdir())


@pytest.mark.linux
@pytest.mark.slow
def test_nothing_is_left_of_a_node_side_that_is_killed(node, tmp_path):
    """Its guard ends the run and removes the folder."""
    killed = node()
    job = stand_in("here", "--hold", "--deaf")
    killed.job(job, place=str(tmp_path)).until(Lines)
    killed.process.kill()
    check_gone(job.id, records_of(killed.rest())[0])


@pytest.mark.slow
def test_a_reader_that_stops_reading_holds_nothing_up(node, tmp_path):
    """The run goes on, and all that it wrote is sent once it is read."""
    unread = node()
    job = stand_in("here", "--lines", "60")
    unread.job(job, place=str(tmp_path)).until(Started)
    folder = tmp_path
    until = time.monotonic() + WAIT_S
    while any(folder.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert [record.get("line") for record in records_of(unread.rest())] == [None, *range(60)]
    assert isinstance(unread.events[-1], Ended)


def test_a_damaged_file_is_refused_and_nothing_is_started(node, tmp_path):
    """By its checksum."""
    broken = node()
    broken.reader = EventReader("a", 1)
    file = ShippedFile(name="model", path="net.onnx", size=3, sha256="0" * 64)
    job = NodeJob(job="a", attempt=1, argv=(), module="nothing", files=(file,), place=str(tmp_path))
    broken.give(line(job), b"abc")
    beat, end = broken.rest()
    assert isinstance(beat, Beat)
    assert end.rc == 2
    assert end.stderr == "The shipped file net.onnx arrived damaged: its checksum differs."
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_a_file_that_lies_on_the_machine_already_is_not_sent(node, tmp_path):
    """It is checked all the same."""
    there = tmp_path / "there"
    there.write_bytes(b"weights")
    parcel = Parcel(stand_in("here", files={"model": there}))
    files = [msgspec.structs.replace(file, at=str(there)) for file in parcel.job.files]
    started = node()
    started.reader = EventReader(parcel.job.job, 1)
    started.give(line(msgspec.structs.replace(parcel.job, files=tuple(files))))
    assert started.rest()[-1].rc == 0
    assert records_of(started.events)[0]["files"].keys() == {"there"}


@pytest.mark.parametrize("path", ["../net.onnx", "/etc/passwd", "a/../../b", ""])
def test_a_file_that_would_lie_elsewhere_is_refused(path, tmp_path):
    """Whatever a launcher says."""
    file = ShippedFile(name="model", path=path, size=0, sha256="")
    with pytest.raises(ShippingError, match="unusable path"):
        receive((file,), tmp_path, lambda _: b"")


def test_a_job_of_another_release_is_refused_with_what_to_do(node):
    """By the version of what is spoken."""
    other = node()
    other.reader = EventReader("a", 1)
    other.give(line(NodeJob(version=99, job="a", attempt=1, argv=())))
    (end,) = other.rest()
    assert "version 99" in end.stderr
    assert "install the same release on all machines" in end.stderr
