"""A backend that wraps another and slows it down by a known share, to test measurements on a real machine.

It is used like any backend in a file: `-b .../slowdown.py:PlantedBackend:backend=torch,slowdown=0.1`. A comparison with the
same backend must find it slower by the known share.
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
    """The wrapped backend, and its slowdown."""

    backend: Annotated[
        str, msgspec.Meta(description="Name of a registered backend; it runs with its own defaults.")
    ] = "onnx"
    slowdown: Annotated[
        float, msgspec.Meta(ge=0, description="Share by which each call takes longer, such as 0.1 for 10 %.")
    ] = 0.1


class PlantedSession(WrappedSession):
    """A session whose work takes longer by a known share.

    After the work is done, it spins until the elapsed time has grown by the share. It spins rather than sleeps: the extra time
    must be the worker's processor time, as with a slower framework, and not idle time in which the core slows down or
    serves another program.

    On the CPU the share is exact except for the overhead of this wrapper, about a microsecond. A device that works while the
    host spins hides part of it if batches are queued ahead.
    """

    def __init__(self, inner: Session[Any], slowdown: float, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        """Wrap a session.

        Args:
            inner: the session that does the work.
            slowdown: relative, 0.1 for calls that take 10 % longer.
            clock: returns nanoseconds.
        """
        super().__init__(inner)
        self._slowdown = slowdown
        self._clock = clock
        self._under_way = 0
        self._began = 0

    @property
    def effective(self) -> Mapping[str, str]:
        """The effective settings of the inner session, and the slowdown."""
        return {**self._inner.effective, "slowdown": percent(self._slowdown)}

    def run(self, staged: Any) -> None:  # noqa: ANN401 - the slots are the inner session's
        """Run the inner session, and note when its work began."""
        if not self._under_way:
            self._began = self._clock()
        self._under_way += 1
        self._inner.run(staged)

    def synchronize(self) -> None:
        """Wait for the inner session, then spin."""
        self._inner.synchronize()
        if self._under_way:
            self._spin()
            self._under_way = 0

    def wait(self, staged: Any) -> None:  # noqa: ANN401 - as above
        """Wait for the inner session, then spin for the share of the time since the previous work was done."""
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
    """A registered backend, slowed down."""

    name: ClassVar[str] = "planted"
    options: ClassVar[type[Options]] = PlantedOptions

    def __init__(self, settings: Settings) -> None:
        """Create the inner backend.

        Raises:
            UnknownBackend: no backend of that name is registered.
            BackendUnusable: its plugin is broken.
        """
        assert isinstance(settings.options, PlantedOptions)
        super().__init__(settings, settings.options.backend)
        self._slowdown = settings.options.slowdown

    def to_device(self, loaded: Any, device: Device) -> PlantedSession:  # noqa: ANN401 - what the inner backend made
        """Return the wrapped session of the inner backend."""
        return PlantedSession(self._inner.to_device(loaded, device), self._slowdown)
