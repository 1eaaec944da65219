"""Base classes of backends and sessions that wrap others and delegate everything that is not overridden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from infer_compare.interfaces import (
    Backend,
    Capabilities,
    Classification,
    Device,
    MemoryReading,
    ModelSource,
    OperatingPoint,
    Session,
    Settings,
)
from infer_compare.plugins import Plugins, read_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from infer_compare.interfaces.backend import Array, Batch


class WrappedSession(Session[Any]):
    """A session that delegates to an inner session, whose slots it uses."""

    def __init__(self, inner: Session[Any]) -> None:
        """Wrap a session.

        Args:
            inner: the session that does the work.
        """
        self.inputs = inner.inputs
        self.outputs = inner.outputs
        self._inner = inner

    @property
    def effective(self) -> Mapping[str, str]:
        """Delegate to the wrapped object."""
        return self._inner.effective

    def prepare(self, point: OperatingPoint) -> None:
        """Delegate to the wrapped object."""
        self._inner.prepare(point)

    def stage(self, batch: Batch, into: Any | None = None) -> Any:  # noqa: ANN401 - see the class
        """Delegate to the wrapped object."""
        return self._inner.stage(batch, into)

    def run(self, staged: Any) -> None:  # noqa: ANN401 - see the class
        """Delegate to the wrapped object."""
        self._inner.run(staged)

    def running(self) -> AbstractContextManager[object]:
        """Return the inner session's."""
        return self._inner.running()

    def synchronize(self) -> None:
        """Delegate to the wrapped object."""
        self._inner.synchronize()

    def wait(self, staged: Any) -> None:  # noqa: ANN401 - see the class
        """Delegate to the wrapped object."""
        self._inner.wait(staged)

    def fetch(self, staged: Any) -> Sequence[Array]:  # noqa: ANN401 - see the class
        """Delegate to the wrapped object."""
        return self._inner.fetch(staged)

    def release(self, staged: Any) -> None:  # noqa: ANN401 - see the class
        """Delegate to the wrapped object."""
        self._inner.release(staged)

    def compilations(self) -> int | None:
        """Delegate to the wrapped object."""
        return self._inner.compilations()

    def peak_memory(self) -> MemoryReading | None:
        """Delegate to the wrapped object."""
        return self._inner.peak_memory()

    def reset_peak_memory(self) -> None:
        """Delegate to the wrapped object."""
        self._inner.reset_peak_memory()

    def close(self) -> None:
        """Delegate to the wrapped object."""
        self._inner.close()


class WrappedBackend(Backend[Any]):
    """A backend that delegates to a registered backend.

    Capabilities are declared on the class, before any option is known, so they cannot be those of the inner backend. Every
    backend takes ONNX, natively or imported, and supports the CPU; an inner backend without a format or device refuses it
    itself.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(formats=("onnx",))

    def __init__(self, settings: Settings, backend: str) -> None:
        """Create the inner backend with its default options and the outer backend's thread budget and seed.

        Args:
            settings: the settings of the outer backend.
            backend: the name of the inner backend.

        Raises:
            UnknownBackend: no backend of that name is registered.
            BackendUnusable: its plugin is broken.
        """
        super().__init__(settings)
        inner = Plugins.discover().find(backend).backend
        self._inner = inner(msgspec.structs.replace(settings, options=read_options(inner, {})))

    def version(self) -> str:
        """Delegate to the wrapped object."""
        return self._inner.version()

    def devices(self) -> Sequence[Device]:
        """Delegate to the wrapped object."""
        return self._inner.devices()

    def load(self, model: ModelSource) -> Any:  # noqa: ANN401 - what the backend inside makes of a model
        """Delegate to the wrapped object."""
        return self._inner.load(model)

    def to_device(self, loaded: Any, device: Device) -> Session[Any]:  # noqa: ANN401 - as above
        """Delegate to the wrapped object."""
        return self._inner.to_device(loaded, device)

    def classify(self, error: BaseException) -> Classification:
        """Delegate to the wrapped object."""
        return self._inner.classify(error)

    def batches(self, dataset: Sequence[Array], size: int) -> Iterator[Batch]:
        """Delegate to the wrapped object."""
        return self._inner.batches(dataset, size)
