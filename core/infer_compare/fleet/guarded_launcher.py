"""A wrapper around a plugin's launcher that turns its exceptions into errors of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from infer_compare.errors import InferCompareError
from infer_compare.interfaces.launchers import Event, Unreachable
from infer_compare.plugins import PluginFailed, guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from infer_compare.interfaces.launchers import Job, Launcher, Machine

Value = TypeVar("Value")


class GuardedLauncher:
    """Forwards calls to a launcher, and turns its exceptions into an error that names the launcher."""

    def __init__(self, launcher: Launcher) -> None:
        """Keep the launcher."""
        self._launcher = launcher
        self.name = str(launcher.name)
        self.install_hint = str(launcher.install_hint)

    def connect(self, address: str | None, deadline_s: float) -> None:
        """See `Launcher.connect`.

        Raises:
            Unreachable: as in `Launcher.connect`.
            InferCompareError: the launcher raised another exception; all methods of this class may raise it.
        """
        self._called("connecting", lambda: self._launcher.connect(address, deadline_s))

    def machines(self) -> Sequence[Machine]:
        """See `Launcher.machines`."""
        return self._called("listing machines", lambda: tuple(self._launcher.machines()))

    def start(self, job: Job) -> None:
        """See `Launcher.start`."""
        self._called("starting a job", lambda: self._launcher.start(job))

    def events(self, timeout_s: float) -> Iterable[Event]:
        """See `Launcher.events`."""
        return self._called("waiting for jobs", lambda: list(self._launcher.events(timeout_s)))

    def stop(self, job: str, grace_s: float) -> None:
        """See `Launcher.stop`."""
        self._called("stopping a job", lambda: self._launcher.stop(job, grace_s))

    def close(self) -> None:
        """See `Launcher.close`."""
        self._called("closing", self._launcher.close)

    def _called(self, what: str, call: Callable[[], Value]) -> Value:
        try:
            with guarded(f"the launcher {self.name} was {what}", passing=(Unreachable,)):
                return call()
        except PluginFailed as failure:
            raise InferCompareError(f"The launcher {self.name} failed while {what}: {failure}.") from failure
