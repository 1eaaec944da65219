"""The process that talks to Ray: it reads commands from standard input and writes answers and events to standard output.

Messages are lines of JSON. Ray gets a separate process because it writes to the terminal, takes over signals, and ends its process
when it loses the head node.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infer_compare.launchers import Unreachable
from infer_compare_ray.cluster import Cluster
from infer_compare_ray.jobs import Jobs
from infer_compare_ray.messages import Command, Connect, Connected, ListMachines, Machines, Refused, Said, Start, Stop

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_S = 0.5
"""How often commands are looked for while jobs run; events of jobs are forwarded at once."""
ASKING_S = 30.0
"""How long nodes have to report their facts while no job runs."""
LOOK_S = 1.0
"""The same while jobs run, whose events are not forwarded meanwhile."""
CLOSING_S = 5.0
"""How long jobs have to end when the launcher is closed."""

_first = msgspec.json.Decoder(Connect)
_decoder = msgspec.json.Decoder(Command)


def serve(commands: queue.SimpleQueue[bytes | None], say: Callable[[Said], None]) -> None:
    """Connect to the cluster, carry out commands until there are no more, then end all jobs."""
    line = commands.get()
    if line is None:
        return
    try:
        cluster = Cluster(_first.decode(line).address)
    except Unreachable as unreachable:
        say(Refused(why=str(unreachable)))
        return
    jobs = Jobs(cluster, say)
    try:
        say(Connected())
        while (line := _next(commands, jobs)) is not None:
            if line:
                _do(_decoder.decode(line), cluster, jobs, say)
    finally:
        jobs.end(CLOSING_S)
        cluster.close()


def _next(commands: queue.SimpleQueue[bytes | None], jobs: Jobs) -> bytes | None:
    """Return the next command; if there is none yet, forward events of jobs and return `b""`; None after the last command."""
    if not jobs.running:
        return commands.get()
    try:
        return commands.get_nowait()
    except queue.Empty:
        jobs.forward(WAIT_S)
        return b""


def _do(command: Command, cluster: Cluster, jobs: Jobs, say: Callable[[Said], None]) -> None:
    match command:
        case ListMachines():
            say(Machines(machines=cluster.list(LOOK_S if jobs.running else ASKING_S)))
        case Start(job=job, files=files):
            if job.machine not in cluster.known:
                cluster.list(LOOK_S if jobs.running else ASKING_S)
            jobs.start(msgspec.structs.replace(job, files={name: Path(path) for name, path in files.items()}))
        case Stop(job=job_id, grace_s=grace_s):
            jobs.stop(job_id, grace_s)


def main() -> None:
    """Serve the launcher that started this process."""
    # Before Ray is imported.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.pop("RAY_ADDRESS", None)
    # Ray prints to the standard output.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    commands: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin.buffer:
            commands.put(line)
        commands.put(None)

    def say(message: Said) -> None:
        # A launcher that is gone is noticed by the end of its commands.
        with contextlib.suppress(OSError):
            out.write(msgspec.json.encode(message) + b"\n")
            out.flush()

    threading.Thread(target=read, daemon=True).start()
    serve(commands, say)


if __name__ == "__main__":
    main()
