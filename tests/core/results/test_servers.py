"""Whether a server is on this machine, by its address where the session does not say."""

from __future__ import annotations

import pytest

from infer_compare.results import Start
from infer_compare.results.records import ContenderSpec
from infer_compare.results.servers import server_of


class Records:
    """A run with one contender."""

    def __init__(self, remote, effective):
        self._spec = ContenderSpec(label="far", backend="far", remote=remote)
        self._start = Start(contender="far", restart=0, pid=1, framework_version="1", provenance="native", device="cpu",
                            effective=effective, spawn_ns=1, import_ns=1, load_ns=1, to_device_ns=1)  # fmt: skip

    def contender(self, _label):
        return self._spec

    def start(self, _label):
        return self._start


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("http://127.1.2.3/path", True),
        ("http://[::1]:8000", True),
        ("unix:///run/server.sock", True),
        ("http://gpu-box:8000", False),
        ("http://10.0.0.1:8000", False),
        ("http://localhost.example.com", False),
        ("http://[broken", False),
        ("", False),
    ],
)
def test_a_server_is_local_by_its_address(address, local):
    """Loopback addresses and sockets in files are."""
    assert server_of(Records(remote=True, effective={"server": address}), "far").local is local


def test_what_the_session_says_counts_more_than_the_address():
    """It knows both ends of its connection."""
    tunnel = {"server": "http://localhost:8000", "same_machine": "no"}
    assert not server_of(Records(remote=True, effective=tunnel), "far").local


def test_a_backend_that_does_its_own_work_has_no_server():
    """Whatever its session says."""
    assert server_of(Records(remote=False, effective={"server": "http://localhost:8000"}), "far") is None
