"""A backend that is another one with a fault: what survival is tested with on real frameworks.

It is asked for like any backend of a file: `-b .../fault_backend.py:FaultBackend:backend=torch,fault=die,step=run,at_batch=2`.
The framework inside is really imported and really runs; only the fault is made.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from fault_injection.injector import FaultOptions, InjectedError, Injector
from infer_compare.interfaces import (
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
from infer_compare.planted.wrapped import WrappedBackend, WrappedSession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from infer_compare.interfaces.backend import Array, Batch

RUBBISH = b"\x00\xff rubbish \x1b[31m" * 20 + b"\n"


class FaultSession(WrappedSession):
    """A session with a fault."""

    def __init__(self, inner: Session[Any], injector: Injector) -> None:
        """Wraps a session."""
        super().__init__(inner)
        self._injector = injector
        self._fault = injector.options.fault
        self._batch = 0
        self._phase: Literal["explore", "warm_up", "measure"] = "explore"
        self._fetched = 0

    @property
    def effective(self) -> Mapping[str, str]:
        """What is effective inside, and the fault."""
        self._injector.reached("effective")
        return {**self._inner.effective, "fault": self._fault}

    def prepare(self, point: OperatingPoint) -> None:
        """Begins an operating point."""
        self._batch, self._phase = point.batch, "explore"
        self._injector.reached("prepare", self._batch)
        self._inner.prepare(point)

    def stage(self, batch: Batch, into: Any | None = None) -> Any:
        """Stages inside."""
        self._injector.reached("stage", len(batch[0]))
        return self._inner.stage(batch, into)

    def run(self, staged: Any) -> None:
        """Runs inside."""
        self._injector.reached("run", self._batch)
        self._injector.reached("classify", self._batch)
        if self._phase != "explore":
            self._injector.reached(self._phase, self._batch)
        if self._fault == "chatter":
            os.write(1, RUBBISH)
            os.write(2, RUBBISH)
        self._inner.run(staged)

    def running(self) -> AbstractContextManager[object]:
        """Entered for the first time at an operating point it is warmed up, and after that it is timed."""
        self._phase = "warm_up" if self._phase == "explore" else "measure"
        self._injector.reached("running", self._batch)
        return self._inner.running()

    def synchronize(self) -> None:
        """Waits inside."""
        self._injector.reached("synchronize", self._batch)
        self._inner.synchronize()

    def wait(self, staged: Any) -> None:
        """Waits inside."""
        self._injector.reached("wait", self._batch)
        self._inner.wait(staged)

    def fetch(self, staged: Any) -> Sequence[Array]:
        """What was computed inside, or what the fault makes of it."""
        self._injector.reached("fetch", self._batch)
        self._fetched += 1
        outputs = self._inner.fetch(staged)
        at = self._injector.options.at_batch
        if at and at != self._batch:
            return outputs
        if self._fault == "nan":
            return [array * array.dtype.type("nan") for array in outputs]
        if self._fault == "unstable":
            return [array * array.dtype.type(1 + self._fetched % 3) for array in outputs]
        return outputs

    def release(self, staged: Any) -> None:
        """Releases inside."""
        self._injector.reached("release", self._batch)
        self._inner.release(staged)

    def compilations(self) -> int | None:
        """As inside."""
        self._injector.reached("compilations", self._batch)
        return self._inner.compilations()

    def peak_memory(self) -> MemoryReading | None:
        """As inside."""
        self._injector.reached("peak_memory", self._batch)
        return self._inner.peak_memory()

    def reset_peak_memory(self) -> None:
        """As inside; it is called before an operating point begins, and so has no batch size."""
        self._injector.reached("reset_peak_memory")
        self._inner.reset_peak_memory()

    def close(self) -> None:
        """Closes inside."""
        self._injector.reached("close")
        self._inner.close()


class FaultBackend(WrappedBackend):
    """A registered backend with a fault.

    It calls every model imported, so that it never outranks what another contender computes natively.
    """

    name: ClassVar[str] = "injected"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=(), imports=("onnx",))
    options: ClassVar[type[Options]] = FaultOptions

    def __init__(self, settings: Settings) -> None:
        """Makes the backend inside.

        Raises:
            UnknownBackend: none of that name is registered.
            BackendUnusable: its plugin is broken.
            OptionError: there is no such step.
        """
        assert isinstance(settings.options, FaultOptions)
        super().__init__(settings, settings.options.backend)
        self._injector = Injector(settings.options)

    def version(self) -> str:
        """As inside."""
        self._injector.reached("import")
        return self._inner.version()

    def devices(self) -> Sequence[Device]:
        """As inside."""
        self._injector.reached("devices")
        return self._inner.devices()

    def load(self, model: ModelSource) -> Any:
        """As inside."""
        self._injector.reached("load")
        return self._inner.load(model)

    def to_device(self, loaded: Any, device: Device) -> FaultSession:
        """The session of the backend inside, wrapped."""
        self._injector.reached("to_device")
        return FaultSession(self._inner.to_device(loaded, device), self._injector)

    def classify(self, error: BaseException) -> Classification:
        """As inside, or the same error again."""
        if isinstance(error, InjectedError) and error.step == "classify":
            raise error
        return self._inner.classify(error)
