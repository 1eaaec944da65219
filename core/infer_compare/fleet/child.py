"""`python -m infer_compare.fleet.child`: the node side of a job, started by launchers and not by people.

A launcher starts it on a machine, writes the job to its standard input and reads events from its standard output (see
`node.messages`). With `--facts` it prints the facts of the machine as one line of JSON and ends.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import msgspec

from infer_compare.fleet.node.facts import framework_facts, machine_facts
from infer_compare.fleet.node.messages import VERSION, NodeJob
from infer_compare.fleet.node.repair import repair_signals, repair_surroundings
from infer_compare.fleet.node.shipping import ShippingError, receive
from infer_compare.fleet.node.talk import Inbox, Outbox, Pulse
from infer_compare.fleet.node.work import Work, failed, filled
from infer_compare.foreign import described
from infer_compare.interfaces.launchers import Ended, Started
from infer_compare.scratch import Scratch
from infer_compare.worker.supervisor import remains
from infer_compare.worker.supervisor.guard import guard, removed_if_killed

LAST_S = 30.0
"""How long the launcher may take to read the last events."""


def main() -> None:
    """Run the job on standard input, or print the facts of the machine."""
    if sys.argv[1:] == ["--facts"]:
        sys.stdout.write(msgspec.json.encode(machine_facts()).decode() + "\n")
        return
    parent = os.getppid()
    repaired = repair_signals()
    inbox, outbox = Inbox(0), Outbox(_own_output())
    try:
        job = inbox.job()
    except msgspec.MsgspecError as error:
        sys.exit(f"The first line of standard input is not a job: {error}.")
    if job is None:
        return
    outbox.send(_carry_out(job, inbox, outbox, _signal_pipe(), parent, repaired))
    outbox.drain(LAST_S)


def _carry_out(
    job: NodeJob, inbox: Inbox, outbox: Outbox, signals: int, parent: int, repaired: tuple[str, ...]
) -> Ended:
    """Run the job and return its end, after all its processes and folders are gone."""
    if job.version != VERSION:
        return failed(
            job,
            f"The job is of version {job.version} of the launchers' protocol, and this machine's infer-compare has version "
            f"{VERSION}; install the same release on all machines.",
        )
    facts = repair_surroundings(job.surroundings)
    if repaired:
        clauses = [f"{', '.join(repaired)} let through", *filter(None, [facts.get("repaired")])]
        facts["repaired"] = "; ".join(clauses)
    pulse = Pulse(outbox, job)

    def read(size: int) -> bytes:
        pulse.beat()
        return inbox.read(size)

    try:
        with ExitStack() as stack:
            folder = stack.enter_context(Scratch(Path(job.place) if job.place else None))
            stack.enter_context(removed_if_killed(folder))
            files = receive(job.files, folder / "files", read)
            facts |= machine_facts() | (framework_facts(pulse.beat) if job.module == "infer_compare" else {})
            run = folder / "run"
            os.chdir(folder)
            stack.callback(os.chdir, "/")
            tag = guard().tag()
            stack.callback(guard().release)
            stack.callback(remains.end, tag)
            work = Work(job, filled(job.argv, run, files), run, tag)
            stack.callback(work.kill)
            outbox.send(Started(job=job.job, attempt=job.attempt, facts=facts | {"pid": str(os.getpid())}))
            return work.ended(work.follow(inbox, outbox, pulse, signals, parent))
    except (ShippingError, OSError) as error:
        return failed(job, str(error) if isinstance(error, ShippingError) else f"{described(error)}.")


def _signal_pipe() -> int:
    """Turn SIGINT, SIGTERM and SIGHUP into bytes of a pipe, and return its reading end."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return reading


def _own_output() -> int:
    """Return a descriptor of standard output for events; anything else that is printed goes to standard error."""
    output = os.dup(1)
    os.dup2(2, 1)
    return output


if __name__ == "__main__":
    main()
