"""Where the work of a contender is done that is a client of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from infer_compare.results.run import Run

SERVER = "server"
"""In what is effective: the address of who does the work."""
SAME_MACHINE = "same_machine"
"""In what is effective: `yes` or `no`, where the session knows it."""
LOCAL = ("localhost", "::1", "0.0.0.0")  # noqa: S104 - nothing is bound to it


class Server(msgspec.Struct, frozen=True):
    """Who does a contender's work elsewhere."""

    address: str
    """Without the scheme, such as `localhost:8000`; empty where no worker got as far as telling."""
    local: bool
    """Whether it runs on this machine, and so on the same cores as everything else."""


def server_of(run: Run, label: str) -> Server | None:
    """Return who does a contender's work; None where its own workers do."""
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
