"""What a fresh process is asked to look at, and what it answers: `child` does it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TypeVar

import msgspec

from infer_compare.interfaces import ModelSource
from infer_compare.testing.conformance.occupancy import Occupancy
from infer_compare.testing.conformance.violation import Violation
from infer_compare.worker.supervisor import describe_status, tagged

DEADLINE_S = 300.0
MORE_CYCLES = 10
"""Sessions whose memory is looked at together."""
GROWTH_SHARE = 0.01
GROWTH_LEAST = 2**20
"""What an allocator keeps here and there."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is to do."""

    task: str
    backend: str
    """How the class is found."""
    options: dict[str, str]
    requires: tuple[str, ...]
    folder: str
    model: ModelSource | None = None
    inputs: tuple[str, ...] = ()
    """Files with rows of the inputs."""
    device: str = "cpu"
    threads: int = 1
    instances: int = 1
    cap: int = 0
    """Bytes of memory beyond what is held when the model is there."""
    alternatives: tuple[dict[str, str], ...] = ()
    """Sets of options, each in place of `options`."""


class Loads(msgspec.Struct, frozen=True, kw_only=True):
    """Modules out of `requires` that were loaded."""

    importing: tuple[str, ...]
    """By importing the plugin."""
    making: tuple[str, ...]
    """By making a backend object."""
    classifying: tuple[str, ...]
    """By asking it what an error means."""


class Proposals(msgspec.Struct, frozen=True, kw_only=True):
    """Modules out of `requires` that were loaded."""

    listing: tuple[str, ...]
    """By asking for configurations that are worth trying."""
    writing: tuple[str, ...]
    """By asking for code."""


class Cycles(msgspec.Struct, frozen=True, kw_only=True):
    """Resident memory after each life of a session, and the peak, in bytes."""

    resident: tuple[int, ...]
    peak: int

    @property
    def kept(self) -> int:
        """Bytes by which the last ten sessions made the process larger: the least after three of them, over the same before."""
        before, after = self.resident[:-MORE_CYCLES], self.resident
        return min(after[-3:]) - min(before[-3:])

    @property
    def allowed(self) -> int:
        """Bytes that ten sessions may keep."""
        return max(int(GROWTH_SHARE * self.peak), GROWTH_LEAST)


class Exhausted(msgspec.Struct, frozen=True, kw_only=True):
    """What was raised when memory did not suffice."""

    batch: int
    kind: str
    """What the backend's `classify` says; empty where nothing was raised."""
    error: str = ""


class Threads(msgspec.Struct, frozen=True, kw_only=True):
    """How many threads a session says it uses, and what it did with the processor."""

    told: str | None
    seen: Occupancy


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """What a session says that it runs with, for each set of options; None where the backend refuses the set."""

    told: tuple[dict[str, str] | None, ...]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What came of loading a model without the package `onnx`."""

    importer: str
    """The module that asked for the package; empty where none did."""
    error: str = ""
    """Why the model was not loaded; empty where it was."""


class Died(Exception):
    """The child ended by a signal."""


Answer = TypeVar("Answer", bound=msgspec.Struct)


def ask(job: Job, answer: type[Answer]) -> Answer:
    """Run a job in a fresh process.

    Raises:
        Died: the process ended by a signal.
        Violation: it raised, or did not end in time.
    """
    with tempfile.TemporaryDirectory(dir=job.folder) as folder:
        task, reply = Path(folder, "job.json"), Path(folder, "reply.json")
        task.write_bytes(msgspec.json.encode(job))
        command = [sys.executable, "-P", "-m", "infer_compare.testing.conformance.child", str(task), str(reply)]
        try:
            with tagged() as environment:
                done = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    env=environment,
                    timeout=DEADLINE_S,
                    check=False,
                )
        except subprocess.TimeoutExpired:
            raise Violation(f"A fresh process did not finish the task `{job.task}` in {DEADLINE_S:g} s.") from None
        if done.returncode < 0:
            raise Died(describe_status(done.returncode))
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise Violation(
                f"A fresh process failed at the task `{job.task}`: {lines[-1] if lines else 'it printed nothing'}"
            )
        return msgspec.json.decode(reply.read_bytes(), type=answer)
