"""The servers of contenders that are clients."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from infer_compare.results.run import Run

SERVER = "server"
"""Key of `Start.effective` with the address of the server."""
SAME_MACHINE = "same_machine"
"""Key of `Start.effective` with `yes` or `no`, if the session knows whether the server runs on this machine."""
LOCAL = ("localhost", "::1", "0.0.0.0")  # noqa: S104 - nothing is bound to it


class Server(msgspec.Struct, frozen=True):
    """The server that does a contender's work."""

    address: str
    """Without the scheme, such as `localhost:8000`; empty if no worker was started that reported it."""
    local: bool
    """Whether it runs on this machine, and so shares its cores."""


def server_of(run: Run, label: str) -> Server | None:
    """Return the server of a contender; None if its workers do the work."""
    if not run.contender(label).remote:
        return None
    start = run.start(label)
    effective = start.effective if start is not None else {}
    address = effective.get(SERVER, "")
    known = effective.get(SAME_MACHINE)
    return Server(address.partition("://")[2] or address, known == "yes" if known else _is_local(address))


def _is_local(address: str) -> bool:
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "unix" or host in LOCAL or host.startswith("127.")
