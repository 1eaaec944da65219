"""A backend that is another one made slower by a known share: what measuring is tested with on a real machine.

It is asked for like any backend of a file: `-b .../slowdown.py:PlantedBackend:backend=torch,slowdown=0.1`. Against the
same backend without it, a comparison must say that this one is slower, and by how much is known.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from infer_compare.interfaces import Device, Options, Session, Settings
from infer_compare.planted.wrapped import WrappedBackend, WrappedSession
from infer_compare.stats.wording import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class PlantedOptions(Options, frozen=True, kw_only=True):
    """Which backend is made slower, and by how much."""

    backend: Annotated[
        str, msgspec.Meta(description="Name of a registered backend; it runs with its own defaults.")
    ] = "onnx"
    slowdown: Annotated[
        float, msgspec.Meta(ge=0, description="Share by which each call takes longer, such as 0.1 for 10 %.")
    ] = 0.1


class PlantedSession(WrappedSession):
    """A session whose work takes longer than it needs to.

    When work is done, it spins until the time since that work began has grown by the share. It spins and does not
    sleep: what it takes must be the worker's own processor time, as with a framework that is really slower, and not
    idle time in which the core slows down or goes to another program.

    On the processor the share is exact but for the calls of this wrapper, about a microsecond. A device that works on
    while the host spins hides part of it, where batches are enqueued ahead.
    """

    def __init__(self, inner: Session[Any], slowdown: float, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        """Wraps a session.

        Args:
            inner: the session that does the work.
            slowdown: relative, 0.1 for calls that take 10 % longer.
            clock: nanoseconds.
        """
        super().__init__(inner)
        self._slowdown = slowdown
        self._clock = clock
        self._under_way = 0
        self._began = 0

    @property
    def effective(self) -> Mapping[str, str]:
        """What is effective inside, and the slowdown."""
        return {**self._inner.effective, "slowdown": percent(self._slowdown)}

    def run(self, staged: Any) -> None:  # noqa: ANN401 - the slots are the inner session's
        """Runs inside, and notes when work began."""
        if not self._under_way:
            self._began = self._clock()
        self._under_way += 1
        self._inner.run(staged)

    def synchronize(self) -> None:
        """Waits inside, then longer."""
        self._inner.synchronize()
        if self._under_way:
            self._spin()
            self._under_way = 0

    def wait(self, staged: Any) -> None:  # noqa: ANN401 - as above
        """Waits inside, then longer: by the share of what passed since the work before it was done."""
        self._inner.wait(staged)
        if self._under_way:
            self._spin()
            self._under_way -= 1
            self._began = self._clock()

    def _spin(self) -> None:
        now = self._clock()
        until = now + round((now - self._began) * self._slowdown)
        while self._clock() < until:
            pass


class PlantedBackend(WrappedBackend):
    """A registered backend, made slower."""

    name: ClassVar[str] = "planted"
    options: ClassVar[type[Options]] = PlantedOptions

    def __init__(self, settings: Settings) -> None:
        """Makes the backend inside.

        Raises:
            UnknownBackend: none of that name is registered.
            BackendUnusable: its plugin is broken.
        """
        assert isinstance(settings.options, PlantedOptions)
        super().__init__(settings, settings.options.backend)
        self._slowdown = settings.options.slowdown

    def to_device(self, loaded: Any, device: Device) -> PlantedSession:  # noqa: ANN401 - what the inner backend made
        """The session of the backend inside, wrapped."""
        return PlantedSession(self._inner.to_device(loaded, device), self._slowdown)
