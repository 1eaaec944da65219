"""The launcher under check: connected once, with a normal job and jobs that are to be ended."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.foreign import one_line
from infer_compare.interfaces.launchers import Ended, Lost, Unreachable
from infer_compare.interruption import is_interrupt
from infer_compare.plugins import is_installed
from infer_compare.testing.conformance.violation import NotApplicable, Violation
from infer_compare.testing.launched import START_S, Launched, described, stand_in
from infer_compare.testing.stand_in import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.interfaces.launchers import Launcher

CONNECT_S = 60.0
GRACE_S = 2.0
SLACK_S = 15.0
"""Seconds beyond the grace until the end of a job must be reported."""
LINES = 30


class Unreached(Violation):
    """The launcher cannot reach the machines at its address."""


class LauncherSubject:
    """A launcher under check, and its jobs."""

    def __init__(self, launcher: type[Launcher], address: str | None) -> None:
        """Connect to nothing yet."""
        self.launcher = launcher
        self.address = address

    def close(self) -> None:
        """Close the connection."""
        if "connected" in self.__dict__:
            self.connected.launcher.close()

    @contextlib.contextmanager
    def victim(self) -> Iterator[str]:
        """Give a job that waits to be ended, and end it after the block."""
        launched = self.connected
        job = launched.running(machine=self.machine)
        try:
            launched.node(job)
            yield job
        finally:
            if launched.last(job) is None:
                self.stopped(job)

    def stopped(self, job: str) -> Ended | Lost:
        """Stop a job and return its last event."""
        began = time.monotonic()
        self.connected.launcher.stop(job, GRACE_S)
        if (took_s := time.monotonic() - began) > GRACE_S + SLACK_S:
            raise Violation(f"`stop` took {took_s:.0f} s; ask the job to end, and let its end come as an event.")
        return self.connected.end(job, GRACE_S + SLACK_S)

    def make(self) -> Launcher:
        """Create the launcher without connecting it.

        Raises:
            NotApplicable: a required package is not installed.
        """
        missing = [module for module in getattr(self.launcher, "requires", ()) if not is_installed(module)]
        if missing:
            raise NotApplicable(f"needs {missing[0]} ({getattr(self.launcher, 'install_hint', '')})")
        return self.launcher()

    def made(self) -> Launcher:
        """Create and connect the launcher.

        Raises:
            NotApplicable: a required package is not installed, or an address is needed but not given.
            Unreached: it cannot reach the machines at its address.
        """
        launcher = self.make()
        try:
            launcher.connect(self.address, CONNECT_S)
        except Unreachable as reason:
            launcher.close()
            if self.address is not None:
                raise Unreached(f"the machines at {self.address} cannot be reached: {reason}") from reason
            raise NotApplicable(f"no address was given: {reason}") from None
        return launcher

    def reach(self) -> None:
        """Connect to the given address for all checks, which report all other errors.

        Raises:
            UsageError: nothing can be reached there.
        """
        if self.address is None:
            return
        try:
            _ = self.connected
        except Unreached as unreached:
            raise UsageError(one_line(str(unreached.__cause__))) from unreached
        except BaseException as error:
            if is_interrupt(error):
                raise

    @cached_property
    def connected(self) -> Launched:
        """The launcher that most checks share."""
        return Launched(self.made())

    @cached_property
    def machine(self) -> str:
        """The machine on which jobs run."""
        return self.connected.launcher.machines()[0].id

    @cached_property
    def normal(self) -> tuple[Launched, str]:
        """A job that has ended by itself, with two shipped files."""
        launched = self.connected
        with tempfile.TemporaryDirectory() as folder:
            file, several = Path(folder, "model file.onnx"), Path(folder, "saved")
            file.write_bytes(os.urandom(300_000))
            (several / "deeper").mkdir(parents=True)
            (several / "deeper" / "weights").write_bytes(os.urandom(70_000))
            (several / "empty").write_bytes(b"")
            shipped = {"model": file, "other": several}
            self.digests = {path.name: digest(path) for path in shipped.values()}
            job = launched.start(stand_in(self.machine, "--lines", str(LINES), files=shipped))
            launched.end(job, START_S)
        if not isinstance(end := launched.last(job), Ended) or not launched.records(job):
            raise Violation(f"a job that should succeed ended like this: {described(end) if end else 'not at all'}.")
        return launched, job
