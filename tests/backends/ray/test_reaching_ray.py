"""Addresses at which no cluster can be reached: one sentence, in time."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from infer_compare.launchers import Unreachable
from infer_compare_ray.launcher import RayLauncher

DEADLINE_S = 15.0


def _why_not(address):
    launcher = RayLauncher()
    began = time.monotonic()
    with pytest.raises(Unreachable) as refused:
        launcher.connect(address, DEADLINE_S)
    launcher.close()
    assert time.monotonic() - began < DEADLINE_S + 1
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1:1", "Nothing answers at 127.0.0.1:1 (Connection refused)"),
        ("no-such-host.invalid:6379", "Nothing answers at no-such-host.invalid:6379"),
        ("ray://127.0.0.1:10001", "Ray Client"),
        ("auto", "'auto' is no address of a Ray cluster"),
        ("somewhere", "HOST:PORT"),
        ("127.0.0.1:port", "HOST:PORT"),
        ("127.0.0.1:99999", "HOST:PORT"),
    ],
)
def test_an_address_where_no_cluster_can_be_is_refused_at_once(address, why):
    """Ray itself would hang for minutes, or take a cluster that happens to run here."""
    assert why in _why_not(address)


def test_asking_for_machines_without_a_connection_is_refused_by_a_sentence():
    """No traceback of a pipe."""
    with pytest.raises(Unreachable, match="not connected"):
        RayLauncher().machines()


@contextmanager
def _server(answer):
    """Something that listens and is not Ray."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda _: None, id="hangs up"),
        pytest.param(lambda connection: connection.sendall(b"SSH-2.0-server\r\n"), id="greets"),
    ],
)
def test_a_server_that_is_not_ray_is_told_from_a_head(answer):
    """Whatever it answers to Ray's greeting."""
    with _server(answer) as address:
        assert f"What listens at {address} is not the head of a Ray cluster" in _why_not(address)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_cluster_that_wants_another_token_says_so(cluster, another_token):
    """And where the right one can be had."""
    assert "wants a token" in _why_not(cluster.address)
