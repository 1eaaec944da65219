"""The jobs of fresh processes, which `child` runs, and their answers."""

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
"""Number of sessions whose memory is compared together."""
GROWTH_SHARE = 0.01
GROWTH_LEAST = 2**20
"""Bytes that an allocator may keep."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a child process."""

    task: str
    backend: str
    """The reference by which the class is found."""
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
    """Bytes of memory beyond those used with the model loaded."""
    alternatives: tuple[dict[str, str], ...] = ()
    """Sets of options, each replacing `options`."""


class Loads(msgspec.Struct, frozen=True, kw_only=True):
    """Modules of `requires` that were loaded by certain calls."""

    importing: tuple[str, ...]
    """By importing the plugin."""
    making: tuple[str, ...]
    """By creating a backend object."""
    classifying: tuple[str, ...]
    """By classifying an error."""


class Proposals(msgspec.Struct, frozen=True, kw_only=True):
    """Modules of `requires` that were loaded by certain calls."""

    listing: tuple[str, ...]
    """By asking for configurations."""
    writing: tuple[str, ...]
    """By asking for code."""


class Cycles(msgspec.Struct, frozen=True, kw_only=True):
    """Resident memory after each session, and the peak, in bytes."""

    resident: tuple[int, ...]
    peak: int

    @property
    def kept(self) -> int:
        """Bytes by which the process grew over the last ten sessions, comparing the least after three of them with the least
        before.
        """
        before, after = self.resident[:-MORE_CYCLES], self.resident
        return min(after[-3:]) - min(before[-3:])

    @property
    def allowed(self) -> int:
        """Bytes by which it may grow over ten sessions."""
        return max(int(GROWTH_SHARE * self.peak), GROWTH_LEAST)


class Exhausted(msgspec.Struct, frozen=True, kw_only=True):
    """The error raised when memory did not suffice."""

    batch: int
    kind: str
    """The classification by the backend; empty if nothing was raised."""
    error: str = ""


class Threads(msgspec.Struct, frozen=True, kw_only=True):
    """The threads that a session reports, and its observed use of the processor."""

    told: str | None
    seen: Occupancy


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """The effective settings for each set of options; None if the backend refuses the set."""

    told: tuple[dict[str, str] | None, ...]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The result of loading a model without the package `onnx`."""

    importer: str
    """The module that imported the package; empty if there was none."""
    error: str = ""
    """Why the model was not loaded; empty if it was."""


class Died(Exception):
    """The child was ended by a signal."""


Answer = TypeVar("Answer", bound=msgspec.Struct)


def ask(job: Job, answer: type[Answer]) -> Answer:
    """Run a job in a fresh process.

    Raises:
        Died: the process ended by a signal.
        Violation: the process raised, or did not end in time.
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
