"""Ray clusters of this machine, and launchers that are connected to them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

import pytest

from infer_compare.testing.launched import Launched
from infer_compare_ray.launcher import RayLauncher

CONNECT_S = 60.0
"""Long, for other tests run at the same time."""


class Nodes:
    """A cluster of the nodes `first` and `second`, and of those that are added; see `tests/importable/ray_nodes.py`."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ray_nodes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = self._process.stdout.readline().strip()

    def _order(self, *words):
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def add(self, name, size, *path):
        """Add a node, perhaps with a folder where Python looks for modules first."""
        self._order("add", name, size, *path)

    def remove(self, name):
        """End a node and all that runs on it."""
        self._order("remove", name)

    def kill(self, name):
        """Kill Ray's own process on a node."""
        self._order("kill", name)

    def end(self):
        """End the cluster."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Connected(Launched):
    """A launcher that reached a cluster, and what came of its jobs."""

    def machine(self, node):
        """Return the machine with that label `node`."""
        return next(machine for machine in self.launcher.machines() if machine.labels.get("node", "") == node)

    def hold(self, node):
        """Start a job on a node and wait until it runs; return its id."""
        return self.running(machine=self.machine(node).id)


@contextmanager
def _token(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", text)
        yield


@pytest.fixture(scope="session")
def cluster():
    """One cluster for all tests, which end only nodes that they have added."""
    with _token("of-the-tests-" * 4):
        nodes = Nodes()
        try:
            yield nodes
        finally:
            nodes.end()


@pytest.fixture(scope="session")
def connected(cluster):
    """One launcher for all tests, connected to the cluster."""
    launcher = RayLauncher()
    try:
        launcher.connect(cluster.address, CONNECT_S)
        yield Connected(launcher)
    finally:
        launcher.close()


@pytest.fixture
def private():
    """A launcher to be closed."""
    launcher = RayLauncher()
    try:
        launcher.connect(None, CONNECT_S)
        yield Connected(launcher)
    finally:
        launcher.close()


@pytest.fixture
def another_token():
    """The environment holds a token that no cluster has."""
    with _token("another-" * 6):
        yield
