"""Backends that are sound but for one thing, each named by the check that it must fail; loaded by this file.

They compute by the evaluator of the `onnx` package; what is wrong is written in a few lines beside it.
"""

# ruff: noqa: D101 - the check above a class says what is wrong with it

from __future__ import annotations

import hashlib
import sys
import threading
import time
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np

from infer_compare.backends import (
    Capabilities,
    Classification,
    Device,
    DeviceUnavailable,
    FailureKind,
    MemoryReading,
    Options,
    TensorSpec,
    UnsupportedModel,
)
from infer_compare.planted.wrapped import WrappedSession
from infer_compare_reference import ReferenceBackend

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MUTANTS: dict[str, type[ReferenceBackend]] = {}
"""By the check that each must fail."""
FRAMEWORK = "wave"
"""A module of the standard library that stands for a framework: nothing else imports it."""
MAIN = getattr(sys.modules["__main__"].__spec__, "name", "")
"""The program of this process."""
WORKER = "infer_compare.worker.__main__"


class SoundSession(WrappedSession):
    """Keeps every promise."""

    def __init__(self, backend: Any, inner: Any, device: Device) -> None:
        super().__init__(inner)
        self.backend = backend
        self.device = device


class Sound(ReferenceBackend):
    """Keeps every promise."""

    name: ClassVar[str] = "sound"
    requires: ClassVar[tuple[str, ...]] = (FRAMEWORK,)
    capabilities: ClassVar[Capabilities] = Capabilities(imports=("onnx",))
    session: ClassVar[Any] = SoundSession

    def to_device(self, loaded: Any, device: Device) -> Any:
        return self.session(self, super().to_device(loaded, Device("cpu")), self.accept(device))

    def accept(self, device: Device) -> Device:
        """The device, if it is there."""
        if device.kind != "cpu":
            raise DeviceUnavailable(f"there is no {device}")
        return device


def fails(check: str) -> Any:
    """Registers a mutant, or makes one of a session class."""

    def register(cls: type[Any]) -> type[Any]:
        if issubclass(cls, WrappedSession):
            MUTANTS[check] = type(cls.__name__ + "Backend", (Sound,), {"session": cls, "__module__": __name__})
            setattr(sys.modules[__name__], cls.__name__ + "Backend", MUTANTS[check])
        else:
            MUTANTS[check] = cls
        return cls

    return register


# Identity


@fails("name_is_an_identifier")
class Shouting(Sound):
    name = "Shouting-Backend"


@fails("requirements_are_top_level_modules")
class Nested(Sound):
    requires = ("xml.dom",)
    install_hint = ""


@fails("api_version_is_spoken")
class FromTheFuture(Sound):
    api_version = 99


@fails("nothing_is_abstract")
class Half(Sound):
    @abstractmethod
    def replay(self) -> None:
        """What nobody wrote."""


@fails("signatures_match")
class OtherArguments(Sound):
    def batches(self, data: Any, size: int) -> Any:
        return super().batches(data, size)


@fails("session_signatures_match")
class NeedsMore(SoundSession):
    def reset_peak_memory(self, *, now: bool = True, clock: Any = time) -> None:
        super().reset_peak_memory()

    def release(self, slot: Any) -> None:
        super().release(slot)


@fails("capabilities_are_declared")
class Boundless(Sound):
    capabilities = Capabilities(imports=("onnx",), asynchronous=("warp",))


class AheadOnTheHost(Sound):
    """Names the processor among the devices that work on their own; see `test_mutants`."""

    capabilities = Capabilities(imports=("onnx",), asynchronous=("cpu",))


@fails("making_loads_no_framework")
class LoadsInInit(Sound):
    def __init__(self, settings: Any) -> None:
        __import__(FRAMEWORK)
        super().__init__(settings)


@fails("classifying_loads_no_framework")
class LoadsInClassify(Sound):
    def classify(self, error: BaseException) -> Classification:
        __import__(FRAMEWORK)
        return super().classify(error)


# Options


class Undescribed(Options, frozen=True, kw_only=True):
    depth: int = 3


@fails("options_are_declared")
class WithoutText(Sound):
    options = Undescribed


class Lenient(Options, frozen=True, kw_only=True, forbid_unknown_fields=False):
    depth: Annotated[int, msgspec.Meta(description="how deep")] = 3


@fails("unknown_options_are_refused")
class TakesEverything(Sound):
    options = Lenient


class Choice(Options, frozen=True, kw_only=True):
    level: Annotated[Literal["low", "high"], msgspec.Meta(description="how far")] = "low"


class ShowsItsOptions(SoundSession):
    @property
    def effective(self) -> Mapping[str, str]:
        return {**super().effective, "level": self.backend.settings.options.level}


@fails("options_are_effective")
class DropsItsOptions(Sound):
    options = Choice


# Precisions


class RoundingSession(SoundSession):
    """Computes in the precision that it is asked for, near enough."""

    bits: ClassVar[int] = 13
    """Of the fraction of a float32, which are dropped."""

    @property
    def effective(self) -> Mapping[str, str]:
        return {**super().effective, "precision": self.backend.settings.precision or "float32"}

    def fetch(self, staged: Any) -> Any:
        outputs = super().fetch(staged)
        if self.backend.settings.precision is None:
            return outputs
        mask = np.uint32(2**32 - 2**self.bits)
        return [(output.view(np.uint32) & mask).view(np.float32) for output in outputs]


class Rounds(Sound):
    """Sound, with a second precision; see `test_mutants`."""

    capabilities = Capabilities(imports=("onnx",), precisions=("float32", "float16"))
    session = RoundingSession


class Forgets(RoundingSession):
    @property
    def effective(self) -> Mapping[str, str]:
        return self._inner.effective  # type: ignore[no-any-return]


@fails("precisions_are_effective")
class DropsThePrecision(Rounds):
    session = Forgets


class RoundsTooMuch(RoundingSession):
    bits = 21


@fails("precisions_agree")
class TooCoarse(Rounds):
    session = RoundsTooMuch


class RoundsNothing(RoundingSession):
    bits = 0


@fails("precisions_are_computed_in")
class OnlySaysSo(Rounds):
    session = RoundsNothing


@fails("told_precision_is_computed_in")
class IsALittleCoarse(SoundSession):
    """Wrong for a perceptron, by less than any tolerance, and by more than float32."""

    def fetch(self, staged: Any) -> Any:
        factor = 1 + 4.5e-5 * (self.inputs[0].name == "features")
        return [one * one.dtype.type(factor) if one.dtype.kind == "f" else one for one in super().fetch(staged)]


# What `tune` asks for

CODE = """
from onnx.reference import ReferenceEvaluator

evaluator = ReferenceEvaluator({location!r})


def predict(*inputs):
    return {outputs}
"""
OUTPUTS = "evaluator.run(None, dict(zip(evaluator.input_names, inputs)))"


class Proposing(Sound):
    """Sound, with two configurations that are worth trying, and code for them; see `test_mutants`."""

    options = Choice
    session = ShowsItsOptions
    listed: ClassVar[Any] = ({"level": "high"},)
    outputs: ClassVar[str] = OUTPUTS

    @classmethod
    def candidates(cls, machine: Any) -> Any:
        return cls.listed

    @classmethod
    def snippet(cls, model: Any, settings: Any, device: Any) -> Any:
        return CODE.format(location=model.location, outputs=cls.outputs)


@fails("candidates_are_accepted")
class ProposesAnotherSpelling(Proposing):
    listed = ({"level": "highest"},)


@fails("candidates_differ")
class ProposesThePlainOne(Proposing):
    listed = ({"level": "high"}, {"level": "low"})


@fails("proposing_loads_no_framework")
class LoadsToPropose(Proposing):
    @classmethod
    def candidates(cls, machine: Any) -> Any:
        __import__(FRAMEWORK)
        return cls.listed


@fails("snippets_can_be_pasted")
class WritesHalf(Proposing):
    outputs = OUTPUTS[:-1]


@fails("snippets_compute_the_same")
class WritesForAnother(Proposing):
    outputs = f"[2 * output for output in {OUTPUTS}]"


# Loading and devices


@fails("version_is_told")
class Nameless(Sound):
    def version(self) -> str:
        return ""


@fails("devices_are_listed")
class TwiceTheSame(Sound):
    def devices(self) -> Any:
        return [Device("cpu"), Device("cpu")]


@fails("some_model_runs")
class RefusesAll(Sound):
    def load(self, model: Any) -> Any:
        raise UnsupportedModel("no operator is supported")


@fails("listed_devices_work")
class ListsWhatIsNotThere(Sound):
    capabilities = Capabilities(imports=("onnx",), device_kinds=("cpu", "warp"))

    def devices(self) -> Any:
        return [Device("cpu"), Device("warp")]


@fails("unknown_devices_are_refused")
class RunsAnywhere(Sound):
    def accept(self, device: Device) -> Device:
        return device


@fails("no_silent_fallback")
class FallsBack(Sound):
    capabilities = Capabilities(imports=("onnx",), device_kinds=("cpu", "warp"))

    def accept(self, device: Device) -> Device:
        return Device("cpu") if device.kind == "warp" else super().accept(device)


@fails("native_models_are_read_by_the_framework")
class CallsItsImportNative(Sound):
    capabilities = Capabilities(formats=("onnx",))


@fails("unknown_formats_are_refused")
class TakesAnyFormat(Sound):
    def load(self, model: Any) -> Any:
        return super().load(model) if model.format == "onnx" else None


@fails("damaged_files_are_refused")
class LeaksErrors(Sound):
    def load(self, model: Any) -> Any:
        try:
            return super().load(model)
        except UnsupportedModel:
            raise
        except Exception as error:
            raise RuntimeError("protobuf parsing failed") from error


# Agreement: right but for one kind of model


class WrongOn(SoundSession):
    """Wrong by a thousandth for the model whose first input is called so, in batches of at least a size."""

    first: ClassVar[str] = ""
    least: ClassVar[int] = 1

    def fetch(self, staged: Any) -> Any:
        outputs = self._inner.fetch(staged)
        if self.inputs[0].name == self.first and len(outputs[0]) >= self.least:
            outputs[0] = outputs[0] * outputs[0].dtype.type(1.001)
        return outputs


@fails("agrees_on_a_perceptron")
class WrongOnLargeBatches(WrongOn):
    first = "features"
    least = 16


@fails("agrees_on_convolutions")
class WrongOnImages(WrongOn):
    first = "image"


@fails("agrees_on_integer_inputs")
class WrongOnTokens(WrongOn):
    first = "tokens"


@fails("agrees_on_a_recurrent_net")
class WrongOnSequences(WrongOn):
    first = "sequence"


@fails("agrees_on_two_inputs_and_outputs")
class SwapsOutputs(SoundSession):
    def fetch(self, staged: Any) -> Any:
        return self._inner.fetch(staged)[::-1]


@fails("agrees_on_broadcasting")
class WrongOnGrids(WrongOn):
    first = "grid"


# Running


@fails("inputs_and_outputs_are_described")
class Misdescribes(SoundSession):
    def __init__(self, backend: Any, inner: Any, device: Device) -> None:
        super().__init__(backend, inner, device)
        self.outputs = [TensorSpec(one.name, "float64", one.shape) for one in inner.outputs]


@fails("effective_is_told")
class TellsNumbers(SoundSession):
    """Except in a worker, which could not even write them down."""

    @property
    def effective(self) -> Any:
        return self._inner.effective if MAIN == WORKER else {**self._inner.effective, "streams": 4}


class Held:
    """A slot of a session that does something else with it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.future: Any = None
        self.outputs: Any = None
        self.calls = 0


class HoldingSession(SoundSession):
    """Its slots hold more than those inside."""

    def stage(self, batch: Any, into: Any = None) -> Any:
        held = into or Held(None)
        held.inner = self._inner.stage(batch, held.inner)
        held.calls = 0
        return held

    def run(self, staged: Any) -> None:
        self._inner.run(staged.inner)

    def fetch(self, staged: Any) -> Any:
        return self._inner.fetch(staged.inner)

    def release(self, staged: Any) -> None:
        self._inner.release(staged.inner)


@fails("batch_size_can_change")
class KeepsItsLargestBatch(SoundSession):
    """After a batch of eight, another size gives the rows of the last run of eight, in reverse."""

    kept: Any = None

    def fetch(self, staged: Any) -> Any:
        outputs = self._inner.fetch(staged)
        if len(outputs[0]) == 8:
            self.kept = outputs
        elif self.kept is not None:
            return [one[::-1][: len(new)].copy() for one, new in zip(self.kept, outputs, strict=True)]
        return outputs


@fails("slots_take_turns")
class OneForAll(HoldingSession):
    """The session keeps the outputs of its last run."""

    last: Any = None

    def run(self, staged: Any) -> None:
        super().run(staged)
        self.last = staged

    def fetch(self, staged: Any) -> Any:
        return super().fetch(self.last)


@fails("a_slot_can_be_reused")
class KeepsItsFirstInputs(HoldingSession):
    """Staging into a slot takes the new batch only where its last row is like the old one's."""

    def stage(self, batch: Any, into: Any = None) -> Any:
        if into is None:
            held = super().stage(batch)
            held.outputs = False
            return held
        if into.outputs:
            return super().stage(batch, into)
        into.outputs = True  # the first time, nothing is replaced
        return into


@fails("inputs_are_not_written_to")
class WritesToInputs(HoldingSession):
    def stage(self, batch: Any, into: Any = None) -> Any:
        held = super().stage([one.copy() for one in batch], into)
        held.outputs = batch
        return held

    def release(self, staged: Any) -> None:
        staged.outputs[0][0] = 0
        super().release(staged)


@fails("fetched_arrays_own_their_memory")
class LendsItsMemory(HoldingSession):
    """All that is fetched from a slot is one array."""

    def fetch(self, staged: Any) -> Any:
        outputs = super().fetch(staged)
        if staged.outputs is None or staged.outputs[0].shape != outputs[0].shape:
            staged.outputs = outputs
        for lent, new in zip(staged.outputs, outputs, strict=True):
            lent[...] = new
        return staged.outputs


@fails("same_input_gives_same_output")
class Trembles(HoldingSession):
    """By less than any tolerance, but not the same."""

    def run(self, staged: Any) -> None:
        super().run(staged)
        staged.calls += 1

    def fetch(self, staged: Any) -> Any:
        outputs = super().fetch(staged)
        return [one * one.dtype.type(1 + 1e-6 * staged.calls) if one.dtype.kind == "f" else one for one in outputs]


@fails("running_computes_the_same")
class OtherwiseInside(SoundSession):
    inside = False

    @contextmanager
    def running(self) -> Iterator[None]:
        self.inside = True
        yield

    def fetch(self, staged: Any) -> Any:
        outputs = self._inner.fetch(staged)
        return [one * 2 for one in outputs] if self.inside else outputs


@fails("batches_cover_the_data_set")
class DropsTheRest(Sound):
    def batches(self, dataset: Sequence[Any], size: int) -> Any:
        return (batch for batch in super().batches(dataset, size) if len(batch[0]) == size)


@fails("peak_memory_is_as_declared")
class TellsUndeclared(SoundSession):
    def peak_memory(self) -> MemoryReading:
        return MemoryReading(allocated=1)


@fails("server_is_told")
class NamesNoServer(Sound):
    capabilities = Capabilities(imports=("onnx",), remote=True)


# The clock


class Enqueuing(HoldingSession):
    """Computes in a thread of its own, and waits where it must."""

    def __init__(self, backend: Any, inner: Any, device: Device) -> None:
        super().__init__(backend, inner, device)
        self.pool = ThreadPoolExecutor(1)
        self.under_way: list[Any] = []

    def run(self, staged: Any) -> None:
        staged.future = self.pool.submit(self._inner.run, staged.inner)
        self.under_way.append(staged.future)

    def synchronize(self) -> None:
        for one in self.under_way:
            one.result()
        self.under_way.clear()

    def wait(self, staged: Any) -> None:
        staged.future.result()

    def fetch(self, staged: Any) -> Any:
        staged.future.result()
        return super().fetch(staged)

    def close(self) -> None:
        self.pool.shutdown()
        super().close()


@fails("synchronize_waits")
class NeverWaits(Enqueuing):
    def synchronize(self) -> None:
        pass


@fails("wait_waits")
class WaitsForNoSlot(Enqueuing):
    def wait(self, staged: Any) -> None:
        pass


@fails("every_run_is_work")
class Remembers(HoldingSession):
    def run(self, staged: Any) -> None:
        staged.calls += 1
        if staged.calls == 1 or staged.calls % CALLS_IN_A_ROW == 0:
            super().run(staged)


CALLS_IN_A_ROW = 10_000


# Memory


@fails("out_of_memory_is_recognised")
class KnowsNoMemoryError(Sound):
    def classify(self, error: BaseException) -> Classification:
        known = super().classify(error)
        text = str(error)
        return Classification(FailureKind.NO) if isinstance(error, MemoryError) and not text else known


@fails("limits_are_not_out_of_memory")
class TakesLimitsForMemory(Sound):
    def classify(self, error: BaseException) -> Classification:
        known = super().classify(error)
        return Classification(FailureKind.OOM) if known.kind is FailureKind.LIMIT else known


@fails("interrupts_are_not_out_of_memory")
class TakesInterruptsForMemory(Sound):
    def classify(self, error: BaseException) -> Classification:
        if isinstance(error.__context__, MemoryError):
            return Classification(FailureKind.OOM)
        return super().classify(error)


@fails("ordinary_errors_are_not_out_of_memory")
class SuspectsAll(Sound):
    def classify(self, error: BaseException) -> Classification:
        known = super().classify(error)
        if isinstance(error, RuntimeError) and known.kind is FailureKind.NO:
            return Classification(FailureKind.AMBIGUOUS)
        return known


LEAK: list[bytes] = []


@fails("closing_frees_memory")
class Leaks(SoundSession):
    def close(self) -> None:
        LEAK.append(b"\1" * (3 * 2**20))
        super().close()


@fails("real_exhaustion_is_recognised")
class HidesTheCause(SoundSession):
    def run(self, staged: Any) -> None:
        lost = False
        try:
            super().run(staged)
        except MemoryError:
            lost = True
        if lost:
            raise RuntimeError("the node could not be run")


# Life


@fails("closing_twice_is_fine")
class ClosesOnce(SoundSession):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise RuntimeError("it is closed")
        self.closed = True
        super().close()


@fails("session_is_a_context_manager")
class Swallows(SoundSession):
    def __exit__(self, *_: object) -> Any:
        self.close()
        return True


@fails("sessions_live_side_by_side")
class SharesItsEngine(SoundSession):
    """Closing any session of a backend stops those that ran with it."""

    def __init__(self, backend: Any, inner: Any, device: Device) -> None:
        super().__init__(backend, inner, device)
        backend.stopped = False

    def run(self, staged: Any) -> None:
        if self.backend.stopped:
            raise RuntimeError("the engine is stopped")
        super().run(staged)

    def close(self) -> None:
        self.backend.stopped = True
        super().close()


@fails("usable_in_a_worker")
class LivesAtHome(Sound):
    def version(self) -> str:
        if MAIN == WORKER:
            raise RuntimeError("the licence is tied to another process")
        return super().version()


# Threads


class Counting(SoundSession):
    """Says how many threads it uses."""

    @property
    def effective(self) -> Mapping[str, str]:
        return {**self._inner.effective, "threads": str(self.backend.settings.threads)}

    def prepare(self, point: Any) -> None:
        """Keeps BLAS out of it: nothing is computed in the checks of threads but what `run` does itself."""
        super().prepare(point)


@fails("thread_budget_is_told")
class TellsTwice(Counting):
    @property
    def effective(self) -> Mapping[str, str]:
        return {**super().effective, "threads": str(2 * self.backend.settings.threads)}

    def run(self, staged: Any) -> None:
        if CHILD:
            time.sleep(0.01)
        else:
            super().run(staged)


@fails("thread_budget_is_of_one_instance")
class DividesItsBudget(Counting):
    @property
    def effective(self) -> Mapping[str, str]:
        settings = self.backend.settings
        return {**super().effective, "threads": str(settings.threads // settings.instances)}


@fails("thread_budget_is_kept")
class TakesMore(Counting):
    def run(self, staged: Any) -> None:
        if CHILD:
            helper = POOL.submit(_burn)
            _burn()
            helper.result()
        else:
            super().run(staged)


class TakesMoreNowAndThen(Counting):
    """As above with a thread for each call, whose waiting for a core is lost with it; see `test_occupancy`."""

    def run(self, staged: Any) -> None:
        if not CHILD:
            super().run(staged)
            return
        helper = threading.Thread(target=_burn)
        helper.start()
        _burn()
        helper.join()


class NowAndThen(Sound):
    session = TakesMoreNowAndThen


class Unknowing(TakesMore):
    @property
    def effective(self) -> Mapping[str, str]:
        return {**super().effective, "threads": "unknown"}


class SaysUnknown(Sound):
    """Takes more than its budget, and says that it does not know what it takes."""

    session = Unknowing


POOL = ThreadPoolExecutor(1)
CHILD = MAIN == "infer_compare.testing.conformance.child"
"""Whether this is a process in which threads are watched."""
BURNT = bytes(2**22)


def _burn() -> None:
    hashlib.sha256(BURNT).digest()
