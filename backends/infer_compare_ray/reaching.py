"""Checks whether the head of a Ray cluster listens at an address, without Ray's client, which may hang or end the process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

from infer_compare.launchers import Unreachable

PORT_S = 5.0
HEAD_S = 12.0


def check_port(address: str, deadline: float) -> None:
    """Check that a server which may be Ray listens at HOST:PORT.

    Raises:
        Unreachable: the address has another form, nothing listens there, or the server is not Ray.
    """
    if address.startswith("ray://"):
        raise Unreachable(
            f"{address} is an address of Ray Client, which jobs cannot be driven through; run this on a node of the cluster "
            "and name its head as HOST:PORT, such as 10.0.0.1:6379."
        )
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise Unreachable(
            f"{address!r} is no address of a Ray cluster; name its head as HOST:PORT, such as 10.0.0.1:6379, "
            "or leave the address out for a private Ray on this machine."
        )
    try:
        connection = socket.create_connection((host.strip("[]"), int(port)), _left(deadline, PORT_S))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Unreachable(
            f"Nothing answers at {address} ({why}); start Ray there with `ray start --head --port={port}`."
        ) from error
    with connection:
        if not os.environ.get("RAY_USE_TLS") and not _speaks_http2(connection):
            raise Unreachable(_no_head(address))


def _speaks_http2(connection: socket.socket) -> bool:
    """Return whether the server answers the HTTP/2 preface with a SETTINGS frame, as a Ray head does."""
    settings = 4
    try:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, settings, 0, 0, 0, 0, 0]))
        answer = b""
        while len(answer) < 4 and (part := connection.recv(4 - len(answer))):
            answer += part
    except OSError:
        return False
    return len(answer) == 4 and answer[3] == settings


def check_head(address: str, deadline: float) -> None:
    """Run Ray's health check of an address, in a process with a time limit.

    Raises:
        Unreachable: the server there is not the head of a Ray cluster, or does not answer in time.
    """
    command = [
        sys.executable,
        "-m",
        "ray.scripts.scripts",
        "health-check",
        "--skip-version-check",
        "--address",
        address,
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_left(deadline, HEAD_S),
            check=False,
            env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreachable(
            f"{address} did not answer as a Ray cluster in time; see whether `ray status` does there."
        ) from error
    if b"AuthenticationError" in done.stdout:
        raise Unreachable(
            f"The cluster at {address} wants a token; set RAY_AUTH_TOKEN to what `ray get-auth-token` prints on its head."
        )
    if done.returncode:
        raise Unreachable(_no_head(address))


def late_answer(address: str | None) -> str:
    """Return the message for a connection that was not made in time although the head is there."""
    if address is None:
        return "A private Ray did not start in time; `ray start --head` says more."
    return f"Connecting to the Ray cluster at {address} took too long; {from_a_node(address)}"


def from_a_node(address: str) -> str:
    """Return the end of a sentence: what to do where a head answers, and its cluster cannot be joined from here."""
    return f"run this on a node of the cluster, or join it first with `ray start --address={address} --num-cpus=0`."


def _no_head(address: str) -> str:
    return f"What listens at {address} is not the head of a Ray cluster; `ray start --head` says its address."


def _left(deadline: float, longest: float) -> float:
    return max(0.1, min(longest, deadline - time.monotonic()))
