"""A backend that is another one made slower by a known share: what measuring is tested with on a real machine.

It is asked for like any backend of a file: `-b .../planted.py:PlantedBackend:backend=torch,slowdown=0.1`. Against the
same backend without it, a comparison must say that this one is slower, and by how much is known.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from infer_compare.interfaces import (
    Backend,
    Capabilities,
    Classification,
    Device,
    MemoryReading,
    ModelSource,
    OperatingPoint,
    Options,
    Session,
    Settings,
)
from infer_compare.plugins import Plugins, read_options
from infer_compare.stats.wording import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from infer_compare.interfaces.backend import Array, Batch


class PlantedOptions(Options, frozen=True, kw_only=True):
    """Which backend is made slower, and by how much."""

    backend: Annotated[
        str, msgspec.Meta(description="Name of a registered backend; it runs with its own defaults.")
    ] = "onnx"
    slowdown: Annotated[
        float, msgspec.Meta(ge=0, description="Share by which each call takes longer, such as 0.1 for 10 %.")
    ] = 0.1


class PlantedSession(Session[Any]):
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
        self.inputs = inner.inputs
        self.outputs = inner.outputs
        self._inner = inner
        self._slowdown = slowdown
        self._clock = clock
        self._under_way = 0
        self._began = 0

    @property
    def effective(self) -> Mapping[str, str]:
        """What is effective inside, and the slowdown."""
        return {**self._inner.effective, "slowdown": percent(self._slowdown)}

    def prepare(self, point: OperatingPoint) -> None:
        """As inside."""
        self._inner.prepare(point)

    def stage(self, batch: Batch, into: Any | None = None) -> Any:  # noqa: ANN401 - the slots are the inner session's
        """As inside."""
        return self._inner.stage(batch, into)

    def run(self, staged: Any) -> None:  # noqa: ANN401 - as above
        """Runs inside, and notes when work began."""
        if not self._under_way:
            self._began = self._clock()
        self._under_way += 1
        self._inner.run(staged)

    def running(self) -> AbstractContextManager[object]:
        """The inner session's."""
        return self._inner.running()

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

    def fetch(self, staged: Any) -> Sequence[Array]:  # noqa: ANN401 - as above
        """As inside."""
        return self._inner.fetch(staged)

    def release(self, staged: Any) -> None:  # noqa: ANN401 - as above
        """As inside."""
        self._inner.release(staged)

    def compilations(self) -> int | None:
        """As inside."""
        return self._inner.compilations()

    def peak_memory(self) -> MemoryReading | None:
        """As inside."""
        return self._inner.peak_memory()

    def reset_peak_memory(self) -> None:
        """As inside."""
        self._inner.reset_peak_memory()

    def close(self) -> None:
        """As inside."""
        self._inner.close()


class PlantedBackend(Backend[Any]):
    """A registered backend, made slower.

    Capabilities are declared on the class, before any option is known, so that they cannot be those of the backend
    inside. ONNX is what every backend takes, as its own or imported, and the processor is what all have; a backend
    inside that lacks a format or device still refuses it itself.
    """

    name: ClassVar[str] = "planted"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=("onnx",))
    options: ClassVar[type[Options]] = PlantedOptions

    def __init__(self, settings: Settings) -> None:
        """Makes the backend inside, with its own defaults and this one's thread budget and seed.

        Raises:
            UnknownBackend: none of that name is registered.
            BackendUnusable: its plugin is broken.
        """
        super().__init__(settings)
        assert isinstance(settings.options, PlantedOptions)
        self._slowdown = settings.options.slowdown
        found = Plugins.discover().find(settings.options.backend).backend
        self._inner = found(msgspec.structs.replace(settings, options=read_options(found, {})))

    def version(self) -> str:
        """As inside."""
        return self._inner.version()

    def devices(self) -> Sequence[Device]:
        """As inside."""
        return self._inner.devices()

    def load(self, model: ModelSource) -> Any:  # noqa: ANN401 - what the backend inside makes of a model
        """As inside."""
        return self._inner.load(model)

    def to_device(self, loaded: Any, device: Device) -> PlantedSession:  # noqa: ANN401 - as above
        """The session of the backend inside, wrapped."""
        return PlantedSession(self._inner.to_device(loaded, device), self._slowdown)

    def classify(self, error: BaseException) -> Classification:
        """As inside."""
        return self._inner.classify(error)

    def batches(self, dataset: Sequence[Array], size: int) -> Iterator[Batch]:
        """As inside."""
        return self._inner.batches(dataset, size)
