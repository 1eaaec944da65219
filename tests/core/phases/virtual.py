"""Workers without processes, on a machine where nobody else is at work and time passes only where it is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from infer_compare.environment.conditions import Conditions
from infer_compare.environment.topology import Core
from infer_compare.errors import WorkerDied
from infer_compare.phases.context import Surroundings
from infer_compare.plugins import load_backend
from infer_compare.worker.child.host import Host
from infer_compare.worker.client import InProcess
from infer_compare.worker.client.in_process import InProcessConnection
from quiet_slices import quiet

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping

    from infer_compare.phases.busy import Gate
    from infer_compare.results.slices import Diagnostics
    from infer_compare.worker.client import WorkerClient
    from infer_compare.worker.protocol import Reply

READING_NS = 50
"""What reading the clock takes."""
MOMENT_NS = 10**15


class Ended(BaseException):
    """The end of a process, where there is none."""


class VirtualTime:
    """A clock that is set forward by whoever waits; it takes the place of the fake's own time."""

    def __init__(self) -> None:
        self._now_ns = 10**12
        self.died_by: signal.Signals | None = None

    def now_ns(self) -> int:
        self._now_ns += READING_NS
        return self._now_ns

    def now_s(self) -> float:
        return self.now_ns() / 1e9

    def wait_until(self, moment_ns: int) -> None:
        self._now_ns = max(self._now_ns, moment_ns)

    def back_to(self, moment_ns: int) -> int:
        """Sets the clock back, for somebody who has been at work since; returns what it showed."""
        now_ns, self._now_ns = self._now_ns, min(self._now_ns, moment_ns)
        return now_ns

    def sleep(self, seconds: float) -> None:
        self._now_ns += round(seconds * 1e9)

    def hang(self) -> None:
        """Comes back when nobody waits any more."""
        self._now_ns += MOMENT_NS

    def die(self, by: signal.Signals) -> NoReturn:
        self.died_by = by
        raise Ended


class QuietProbe:
    """Sees a worker that has a machine of two cores to itself."""

    schedstat = True
    slice_ns = 60_000_000
    siblings: tuple[int, ...] = ()

    def __init__(self, time: VirtualTime) -> None:
        self._time = time

    def snapshot(self) -> int:
        return self._time.now_ns()

    @staticmethod
    def difference(before: int, after: int) -> Diagnostics:
        return quiet(after - before, threads=1)


class VirtualWorker(InProcess):
    """A worker that can die, by its scripted backend."""

    def __init__(self, time: VirtualTime, changes: Mapping[str, object] = {}) -> None:
        def find(reference: str) -> Any:
            backend = load_backend(reference)
            if hasattr(backend, "time"):
                backend.time = time
            return changed(backend, changes) if changes else backend

        probe: Any = QuietProbe(time)
        super().__init__(
            lambda: Host(lambda _point: None, clock=time.now_ns, probe=probe, find=find, sleep=time.sleep),
            clock=time.now_ns,
        )
        self._time = time

    def _connect(self, *, hurried: bool) -> InProcessConnection:
        return MortalConnection(self._make_host(), self._time)


def changed(backend: Any, changes: Mapping[str, object]) -> Any:
    """The fake backend, with other options than those that it is given."""

    class Changed(backend):
        def __init__(self, settings: Any) -> None:
            super().__init__(settings)
            self.fake = msgspec.structs.replace(self.fake, **changes)

    return Changed


class MortalConnection(InProcessConnection):
    """Has no answer where its backend has ended. What several are asked at one time, they do at the same time."""

    def __init__(self, host: Host, time: VirtualTime) -> None:
        super().__init__(host, time.now_ns)
        self._time = time

    def answer(self, deadline_s: float) -> Reply:
        now_ns = self._time.back_to(self._posted[1])
        try:
            reply = super().answer(deadline_s)
        finally:
            self._time.wait_until(now_ns)
        signalled, self._time.died_by = self._time.died_by, None
        if signalled is not None:
            self.kill()
            raise WorkerDied(f"The worker ended with signal {signalled.name}.", status=-signalled)
        return reply


class Launched:
    """Launches workers, and knows all of them."""

    def __init__(self, time: VirtualTime, changes: Callable[[int], Mapping[str, object]] = lambda _number: {}) -> None:
        self.time = time
        self.clients: list[VirtualWorker] = []
        self.caps: list[int] = []
        self._changes = changes

    def __call__(self, python: str | None, *, max_memory: int) -> WorkerClient:
        self.clients.append(VirtualWorker(self.time, self._changes(len(self.clients))))
        self.caps.append(max_memory)
        return self.clients[-1]

    @property
    def left(self) -> list[VirtualWorker]:
        """Those that nobody has ended."""
        return [one for one in self.clients if one.alive]


def virtual(
    gate: Gate, changes: Callable[[int], Mapping[str, object]] = lambda _number: {}, **others: Any
) -> Surroundings:
    """What a run meets there; the options of its workers may be changed by their number."""
    time = VirtualTime()
    return Surroundings(
        **{
            "launch": Launched(time, changes),
            "gate": gate,
            "look": lambda _threads: None,
            "observe": Conditions,
            "cores": lambda: (Core((0,)), Core((1,))),
            "peak": lambda _threads: None,
            "now": time.now_s,
            "sleep": time.sleep,
            **others,
        }
    )
