"""A backend without a framework, whose every behaviour is an option: what the engine is tested with.

It is asked for like any backend without a package: `-b .../fake.py:FakeBackend:fixed_us=200,per_sample_us=10`.
Its computation waits for a scripted time, its output is a fixed function of its inputs, and it fails on demand in
each of the ways in which real frameworks fail.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from email.message import Message
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.error import HTTPError

from fault_injection.fake_options import FakeOptions, Step, interpolate, read_curve
from fault_injection.replies import spoil, violate
from infer_compare.errors import DeviceUnavailable, UnsupportedModel
from infer_compare.interfaces import (
    Backend,
    Capabilities,
    Classification,
    Device,
    FailureKind,
    ModelSource,
    OperatingPoint,
    Options,
    Session,
    Settings,
    TensorSpec,
)
from infer_compare.interfaces.failures import classify_common

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.interfaces.backend import Array, Batch

OUTPUTS = 4
SPIN_NS = 1_000_000
"""A sleep may end so much later than it should; the last part of a wait is spun through."""


class RealTime:
    """Time as this machine has it; a test may give the fake another one, which costs none."""

    @staticmethod
    def now_ns() -> int:
        """The clock by which the fake waits."""
        return time.perf_counter_ns()

    @staticmethod
    def wait_until(moment_ns: int) -> None:
        """Returns at a moment, and not before; long waits leave the processor to others until just before it."""
        asleep_ns = moment_ns - time.perf_counter_ns() - SPIN_NS
        if asleep_ns > 0:
            time.sleep(asleep_ns / 1e9)
        while time.perf_counter_ns() < moment_ns:
            pass

    @staticmethod
    def hang() -> None:
        """Never returns."""
        while True:
            time.sleep(3600)

    @staticmethod
    def die(by: signal.Signals) -> None:
        """Ends the process by a signal."""
        os.kill(os.getpid(), by)


class FakeOutOfMemory(Exception):
    """What the fake raises when a batch does not fit."""


class FakeFailure(Exception):
    """What the fake raises when it is to fail for no reason of memory."""


class FakeSlot:
    """Staged inputs and their batch size."""

    __slots__ = ("arrays", "done_at", "elements", "size")

    def __init__(self, arrays: Sequence[Array]) -> None:
        """Keeps the host arrays; the fake's device is the host."""
        self.arrays = arrays
        self.size = len(arrays[0])
        self.done_at = 0
        self.elements = arrays[0].size


class FakeSession(Session[FakeSlot]):
    """Waits instead of computing."""

    def __init__(self, backend: FakeBackend, inputs: Sequence[TensorSpec], device: Device) -> None:
        """Takes the inputs of the model file, whatever its nodes are."""
        self.inputs = inputs
        self.outputs = (TensorSpec("scores", "float32", ("batch", OUTPUTS)),)
        self._backend = backend
        self._options = backend.fake
        self._time = backend.time
        self._born_ns = self._time.now_ns()
        self._calls = 0
        self._pace = 1.0 + self._options.process_spread * (hash((os.getpid(), 7919)) % 1000 / 500 - 1)
        self._curve = read_curve(self._options.curve)
        self._touched: Any = None
        self._asynchronous = device.kind in backend.capabilities.asynchronous
        self._free_at = 0

    @property
    def effective(self) -> Mapping[str, str]:
        """What really runs: nothing."""
        precision = self._backend.settings.precision or "float32"
        return {"threads": "1", "precision": precision, "execution": "fake"}

    def prepare(self, point: OperatingPoint) -> None:
        """Raises what the options say for the batch size."""
        options = self._options
        self._backend.step("prepare", point.batch)
        elements = math.prod(size for _, size in point.axes) * point.batch
        if options.oom_above_elements and elements > options.oom_above_elements:
            raise FakeOutOfMemory(f"fake: out of memory for {elements} elements")
        if options.oom_above and point.batch > options.oom_above:
            raise FakeOutOfMemory(f"fake: out of memory for a batch of {point.batch}")
        if options.limit_above and point.batch > options.limit_above:
            raise FakeFailure("fake: Expected canUse32BitIndexMath(input) to be true, but got false.")
        if options.ambiguous_above and point.batch > options.ambiguous_above:
            raise FakeFailure("fake: could not create a primitive")

    def stage(self, batch: Batch, into: FakeSlot | None = None) -> FakeSlot:
        """Keeps the host arrays."""
        self._backend.step("stage", len(batch[0]))
        if into is not None:
            into.arrays = batch
            return into
        return FakeSlot(batch)

    def run(self, staged: FakeSlot) -> None:
        """Waits for the scripted time, and touches the scripted memory."""
        options = self._options
        self._calls += 1
        if self._calls > options.after_calls:
            self._backend.step("run", staged.size)
        if options.bytes_per_sample:
            import numpy as np

            self._touched = np.ones(options.bytes_per_sample * staged.size, np.uint8)
        duration_ns = self._duration_ns(staged.size, staged.elements)
        now = self._time.now_ns()
        until = now + duration_ns
        if self._asynchronous:
            # The device begins when it has done what it was given before; the host goes on.
            self._free_at = staged.done_at = max(now, self._free_at) + duration_ns
            until = now + round(options.host_us * 1e3)
        if options.chatter:
            print("\x00\xff rubbish" * 20)  # noqa: T201 - rubbish on standard output is what it is for
            sys.stderr.write("rubbish\n" * 200)
        self._time.wait_until(until)

    def _duration_ns(self, size: int, elements: int) -> int:
        options = self._options
        if self._curve:
            seconds = size / interpolate(self._curve, size)
        else:
            seconds = (options.fixed_us + options.per_sample_us * size + options.per_element_us * elements) / 1e6
        seconds *= self._pace * (1.0 + options.drift_per_s * (self._time.now_ns() - self._born_ns) / 1e9)
        if options.slow_every and self._calls % options.slow_every == 0:
            seconds *= 3
        return round(seconds * 1e9)

    def synchronize(self) -> None:
        """Waits for the pretended device; on the host nothing is ever under way."""
        self._time.wait_until(self._free_at)
        if self._options.fail_in == "synchronize" or self._options.hang_in == "synchronize":
            self._backend.step("synchronize", 0)

    def wait(self, staged: FakeSlot) -> None:
        """Waits for one slot."""
        self._time.wait_until(staged.done_at)

    def fetch(self, staged: FakeSlot) -> Sequence[Array]:
        """A fixed function of the inputs, or what the options make of it."""
        import numpy as np

        self._backend.step("fetch", staged.size)
        first = np.asarray(staged.arrays[0], np.float64).reshape(staged.size, -1)
        weights = np.cos(np.arange(first.shape[1])[:, None] * np.arange(1, OUTPUTS + 1))
        result = (first @ weights / np.sqrt(first.shape[1])).astype(np.float32)
        match self._options.outputs:
            case "coarse":
                result = np.round(result * 2) / np.float32(2)
            case "wrong":
                result = result * 1.5 + 0.1
            case "nan":
                result[-1, 0] = np.nan
            case "unstable":
                result = result * np.float32(1 + (self._calls % 7))
            case "misshapen":
                result = result[:, :-1]
            case "missing":
                return []
            case "right":
                pass
        return [np.ascontiguousarray(result)]


class FakeBackend(Backend["tuple[TensorSpec, ...]"]):
    """See the module."""

    name: ClassVar[str] = "fake"
    requires: ClassVar[tuple[str, ...]] = ()
    rests_on: ClassVar[tuple[str, ...]] = ("pytest",)
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=("onnx",),
        device_kinds=("cpu", "accelerator"),
        asynchronous=("accelerator",),
        precisions=("float32", "bfloat16", "int8"),
    )
    options: ClassVar[type[Options]] = FakeOptions
    time: ClassVar[RealTime] = RealTime()
    """By which it waits, hangs and dies."""

    def __init__(self, settings: Settings) -> None:
        """Keeps its options typed."""
        super().__init__(settings)
        assert isinstance(settings.options, FakeOptions)
        self.fake = settings.options
        if self.fake.spoil:
            spoil(self.fake.spoil)

    def step(self, step: Step, batch: int) -> None:
        """Fails, hangs or dies, if this is the step and the batch size for it."""
        options = self.fake
        if options.server and step in {"to_device", "run"}:
            self._reach_server(batch)
        if options.at_batch and batch and batch != options.at_batch:
            return
        if options.at_batch and not batch and step in {"import", "load", "to_device"}:
            return
        if options.violate and step == "run":
            violate(options.violate)
        if options.fail_in == step:
            raise FakeFailure(f"fake: {step} fails on demand")
        if options.hang_in == step:
            self.time.hang()
        if options.die_in == step:
            self.time.die(signal.Signals[options.die_by])

    def _reach_server(self, batch: int) -> None:
        if not os.path.exists(self.fake.server):  # noqa: PTH110 - inside timed calls
            raise ConnectionRefusedError("fake: nobody answers at localhost:1")
        if 0 < self.fake.refuse_above < batch:
            raise HTTPError("http://localhost:1", 413, "fake: too large", Message(), None)

    def version(self) -> str:
        """The version of nothing, after a pretended import."""
        self.step("import", 0)
        self.time.wait_until(self.time.now_ns() + round(self.fake.start_ms * 1e6))
        return "0"

    def devices(self) -> Sequence[Device]:
        """The host."""
        self.step("devices", 0)
        return (Device("cpu", description="pretended"),)

    def load(self, model: ModelSource) -> tuple[TensorSpec, ...]:
        """Reads the inputs of the model, and nothing else."""
        from infer_compare.models.onnx_graph import read_graph

        self.step("load", 0)
        if model.format != "onnx":
            raise UnsupportedModel(f"The fake takes no {model.format} models.")
        return read_graph(model.path).inputs

    def to_device(self, loaded: tuple[TensorSpec, ...], device: Device) -> FakeSession:
        """A session on the host."""
        self.step("to_device", 0)
        if device.kind not in self.capabilities.device_kinds:
            raise DeviceUnavailable(f"The fake has no device {device}.")
        return FakeSession(self, loaded, device)

    def classify(self, error: BaseException) -> Classification:
        """Knows its own errors."""
        self.step("classify", 0)
        if isinstance(error, FakeOutOfMemory):
            return Classification(FailureKind.OOM)
        if "could not create a primitive" in str(error):
            return Classification(FailureKind.AMBIGUOUS)
        return classify_common(error)
