"""When a fault happens, and how it is made: the options of the backend that has one."""

from __future__ import annotations

import os
import signal
import time
from typing import Annotated, Literal, get_args

import msgspec

from fault_injection.replies import spoil, violate
from infer_compare.environment import memory
from infer_compare.errors import OptionError
from infer_compare.interfaces import Options

Kind = Literal[
    "none", "raise", "hang", "die", "violate_garbage", "violate_oversized", "violate_lie", "torn", "chatter", "nan",
    "unstable"
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


class InjectedError(Exception):
    """What is raised on demand."""

    def __init__(self, step: Step) -> None:
        """`step` is where."""
        super().__init__(f"{step} fails on demand")
        self.step = step


class FaultOptions(Options, frozen=True, kw_only=True):
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


class Injector:
    """Knows when the fault is due, and makes it happen."""

    def __init__(self, options: FaultOptions) -> None:
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
                raise InjectedError(step)
            case "hang":
                while True:
                    time.sleep(3600)
            case "die":
                held = _filled(self.options.fill_mib * memory.MIB)
                os.kill(os.getpid(), signal.Signals[self.options.signal])
                del held
            case "violate_garbage":
                violate("garbage")
            case "violate_oversized":
                violate("oversized")
            case "violate_lie":
                violate("lie")
            case "torn":
                spoil("torn")
            case _:
                return


def _filled(size: int) -> object:
    """Touches memory until the process has `size` bytes resident; what holds it."""
    import numpy as np

    held = np.ones(max(0, size - memory.resident(os.getpid())), np.uint8)
    if len(held):
        time.sleep(SEEN_S)
    return held
