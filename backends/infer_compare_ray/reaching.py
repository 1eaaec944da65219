"""Whether a head of Ray listens at an address, found out without Ray's own client, which may hang or end the process."""

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
    """Connect to HOST:PORT and let go.

    Raises:
        Unreachable: that is no address, or nothing listens there.
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
        socket.create_connection((host.strip("[]"), int(port)), _left(deadline, PORT_S)).close()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Unreachable(
            f"Nothing answers at {address} ({why}); start Ray there with `ray start --head --port={port}`."
        ) from error


def check_head(address: str, deadline: float) -> None:
    """Ask Ray's own health check, in a process that can be ended.

    Raises:
        Unreachable: what listens there is no head of a Ray cluster, or does not answer in time.
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
        raise Unreachable(
            f"What listens at {address} is not the head of a Ray cluster; `ray start --head` says its address."
        )


def _left(deadline: float, longest: float) -> float:
    return max(0.1, min(longest, deadline - time.monotonic()))
