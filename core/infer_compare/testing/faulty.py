"""A backend that is another one with a fault: what survival is tested with on real frameworks.

It is asked for like any backend of a file: `-b .../faulty.py:FaultyBackend:backend=torch,fault=die,step=run,at_batch=2`.
The framework inside is really imported and really runs; only the fault is made.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

import msgspec

from infer_compare.environment import memory
from infer_compare.errors import OptionError
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
from infer_compare.testing.wrapped import WrappedBackend, WrappedSession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from infer_compare.interfaces.backend import Array, Batch

Kind = Literal[
    "none", "raise", "hang", "die", "violate_garbage", "violate_oversized", "chatter", "nan", "unstable"
]  # fmt: skip
Step = Literal[
    "import", "devices", "load", "to_device", "effective", "classify",
    "prepare", "stage", "run", "warm_up", "measure", "running", "synchronize", "wait", "fetch", "release",
    "compilations", "peak_memory", "reset_peak_memory", "close",
]  # fmt: skip
"""Methods of a backend and of its session. `warm_up` and `measure` are `run` as it is called then; `import` is
`version`, before the framework is imported; `classify` is `run` with an error that `classify` fails to read."""

SEEN_S = 0.2
"""Memory that was filled is held so long before the process dies, so that whoever watches it has seen it."""
RUBBISH = b"\x00\xff rubbish \x1b[31m" * 20 + b"\n"
VIOLATIONS = {"violate_garbage": b"\x00\x00\x00\x05hello", "violate_oversized": b"\xff\xff\xff\xff"}


class FaultyError(Exception):
    """What is raised on demand."""

    def __init__(self, step: Step) -> None:
        """`step` is where."""
        super().__init__(f"{step} fails on demand")
        self.step = step


class FaultyOptions(Options, frozen=True, kw_only=True):
    """Which backend has a fault, which one, and when."""

    backend: Annotated[
        str, msgspec.Meta(description="Name of a registered backend; it runs with its own defaults.")
    ] = "onnx"
    fault: Annotated[Kind, msgspec.Meta(description="What happens.")] = "none"
    step: Annotated[
        str,
        msgspec.Meta(
            description="The method in which it happens; several are joined by +, and METHOD:SIZE is for one batch size."
        ),
    ] = "run"
    signal: Annotated[
        Literal["SIGSEGV", "SIGABRT", "SIGKILL"], msgspec.Meta(description="By which the process dies.")
    ] = "SIGSEGV"
    at_batch: Annotated[
        int, msgspec.Meta(ge=0, description="The batch size at which it happens, where the method has one; 0 for all.")
    ] = 0
    after_calls: Annotated[
        int, msgspec.Meta(ge=0, description="Calls of the method in this process before it happens.")
    ] = 0
    fill_mib: Annotated[
        int, msgspec.Meta(ge=0, description="Resident memory in MiB, really touched, that a process has when it dies.")
    ] = 0


class Trigger:
    """Knows when the fault is due, and makes it happen."""

    def __init__(self, options: FaultyOptions) -> None:
        """Reads the options.

        Raises:
            OptionError: a step is none.
        """
        self.options = options
        self._sizes: dict[str, int] = {}
        self._calls: dict[str, int] = {}
        for word in options.step.split("+"):
            step, _, size = word.partition(":")
            if step not in get_args(Step) or not (size.isdecimal() or size == ""):
                raise OptionError(f"{word!r} is no step of a backend; there are {', '.join(get_args(Step))}.")
            self._sizes[step] = int(size or options.at_batch)

    def due(self, step: Step, batch: int = 0) -> bool:
        """Whether a call of a method is one at which the fault happens; `batch` is 0 where it has no batch size."""
        size = self._sizes.get(step)
        if size is None or (size and batch and size != batch):
            return False
        self._calls[step] = self._calls.get(step, 0) + 1
        return self._calls[step] > self.options.after_calls

    def reached(self, step: Step, batch: int = 0) -> None:
        """Raises, hangs, dies or lies, where that is due."""
        if not self.due(step, batch):
            return
        match self.options.fault:
            case "raise":
                raise FaultyError(step)
            case "hang":
                while True:
                    time.sleep(3600)
            case "die":
                held = _filled(self.options.fill_mib * memory.MIB)
                os.kill(os.getpid(), signal.Signals[self.options.signal])
                del held
            case "violate_garbage" | "violate_oversized":
                os.write(_replies(), VIOLATIONS[self.options.fault])
            case _:
                return


class FaultySession(WrappedSession):
    """A session with a fault."""

    def __init__(self, inner: Session[Any], trigger: Trigger) -> None:
        """Wraps a session."""
        super().__init__(inner)
        self._trigger = trigger
        self._fault = trigger.options.fault
        self._batch = 0
        self._phase: Literal["explore", "warm_up", "measure"] = "explore"
        self._fetched = 0

    @property
    def effective(self) -> Mapping[str, str]:
        """What is effective inside, and the fault."""
        self._trigger.reached("effective")
        return {**self._inner.effective, "fault": self._fault}

    def prepare(self, point: OperatingPoint) -> None:
        """Begins an operating point."""
        self._batch, self._phase = point.batch, "explore"
        self._trigger.reached("prepare", self._batch)
        self._inner.prepare(point)

    def stage(self, batch: Batch, into: Any | None = None) -> Any:  # noqa: ANN401 - the slots are the inner session's
        """Stages inside."""
        self._trigger.reached("stage", len(batch[0]))
        return self._inner.stage(batch, into)

    def run(self, staged: Any) -> None:  # noqa: ANN401 - as above
        """Runs inside."""
        self._trigger.reached("run", self._batch)
        self._trigger.reached("classify", self._batch)
        if self._phase != "explore":
            self._trigger.reached(self._phase, self._batch)
        if self._fault == "chatter":
            os.write(1, RUBBISH)
            os.write(2, RUBBISH)
        self._inner.run(staged)

    def running(self) -> AbstractContextManager[object]:
        """Entered for the first time at an operating point it is warmed up, and after that it is timed."""
        self._phase = "warm_up" if self._phase == "explore" else "measure"
        self._trigger.reached("running", self._batch)
        return self._inner.running()

    def synchronize(self) -> None:
        """Waits inside."""
        self._trigger.reached("synchronize", self._batch)
        self._inner.synchronize()

    def wait(self, staged: Any) -> None:  # noqa: ANN401 - as above
        """Waits inside."""
        self._trigger.reached("wait", self._batch)
        self._inner.wait(staged)

    def fetch(self, staged: Any) -> Sequence[Array]:  # noqa: ANN401 - as above
        """What was computed inside, or what the fault makes of it."""
        self._trigger.reached("fetch", self._batch)
        self._fetched += 1
        outputs = self._inner.fetch(staged)
        at = self._trigger.options.at_batch
        if at and at != self._batch:
            return outputs
        if self._fault == "nan":
            return [array * array.dtype.type("nan") for array in outputs]
        if self._fault == "unstable":
            return [array * array.dtype.type(1 + self._fetched % 3) for array in outputs]
        return outputs

    def release(self, staged: Any) -> None:  # noqa: ANN401 - as above
        """Releases inside."""
        self._trigger.reached("release", self._batch)
        self._inner.release(staged)

    def compilations(self) -> int | None:
        """As inside."""
        self._trigger.reached("compilations", self._batch)
        return self._inner.compilations()

    def peak_memory(self) -> MemoryReading | None:
        """As inside."""
        self._trigger.reached("peak_memory", self._batch)
        return self._inner.peak_memory()

    def reset_peak_memory(self) -> None:
        """As inside; it is called before an operating point begins, and so has no batch size."""
        self._trigger.reached("reset_peak_memory")
        self._inner.reset_peak_memory()

    def close(self) -> None:
        """Closes inside."""
        self._trigger.reached("close")
        self._inner.close()


class FaultyBackend(WrappedBackend):
    """A registered backend with a fault.

    It calls every model imported, so that it never judges what another contender computes natively.
    """

    name: ClassVar[str] = "faulty"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=(), imports=("onnx",))
    options: ClassVar[type[Options]] = FaultyOptions

    def __init__(self, settings: Settings) -> None:
        """Makes the backend inside.

        Raises:
            UnknownBackend: none of that name is registered.
            BackendUnusable: its plugin is broken.
            OptionError: there is no such step.
        """
        assert isinstance(settings.options, FaultyOptions)
        super().__init__(settings, settings.options.backend)
        self._trigger = Trigger(settings.options)

    def version(self) -> str:
        """As inside."""
        self._trigger.reached("import")
        return self._inner.version()

    def devices(self) -> Sequence[Device]:
        """As inside."""
        self._trigger.reached("devices")
        return self._inner.devices()

    def load(self, model: ModelSource) -> Any:  # noqa: ANN401 - what the backend inside makes of a model
        """As inside."""
        self._trigger.reached("load")
        return self._inner.load(model)

    def to_device(self, loaded: Any, device: Device) -> FaultySession:  # noqa: ANN401 - as above
        """The session of the backend inside, wrapped."""
        self._trigger.reached("to_device")
        return FaultySession(self._inner.to_device(loaded, device), self._trigger)

    def classify(self, error: BaseException) -> Classification:
        """As inside, or the same error again."""
        if isinstance(error, FaultyError) and error.step == "classify":
            raise error
        return self._inner.classify(error)


def _filled(size: int) -> object:
    """Touches memory until the process has `size` bytes resident; what holds it."""
    import numpy as np

    held = np.ones(max(0, size - memory.resident(os.getpid())), np.uint8)
    if len(held):
        time.sleep(SEEN_S)
    return held


def _replies() -> int:
    """The descriptor on which this worker answers."""
    return next(int(word.partition("=")[2]) for word in sys.argv if word.startswith("--replies="))
