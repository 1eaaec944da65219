"""A model on a device: the steps in which the harness has it run batches.

Steps instead of one `infer` call, so that the harness alone decides what is inside the clock: a session never times
itself. What the docstrings say about the order of calls is tested in `tests/core/phases/test_order_of_steps.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any, Self

    from numpy.typing import NDArray

    from infer_compare.interfaces.models import TensorSpec
    from infer_compare.interfaces.values import MemoryReading, OperatingPoint

# Texts, as numpy is not imported here.
Array: TypeAlias = "NDArray[Any]"
"""An array of numpy."""
Batch: TypeAlias = "Sequence[NDArray[Any]]"
"""One array per input, in the order of `Session.inputs`; axis 0 is the batch axis."""

Staged = TypeVar("Staged")


class Session(ABC, Generic[Staged]):
    """A model on a device, ready to run batches. A context manager; closing it twice is fine.

    A worker holds one session and calls its steps from one thread. `inputs`, `outputs` and `effective` are read once,
    right after `Backend.to_device`.
    """

    inputs: Sequence[TensorSpec]
    """The model's inputs, in the order of the source model."""
    outputs: Sequence[TensorSpec]
    """The model's outputs, in the order of the source model."""

    @property
    @abstractmethod
    def effective(self) -> Mapping[str, str]:
        """What really runs, as read back from the framework: threads, precision, provider, compiled or eager."""

    def prepare(self, point: OperatingPoint) -> None:
        """Build, trace or tune for an operating point; its time is reported separately. Default: nothing.

        Each session is prepared for a batch size before it stages the first batch of that size, and may be prepared for it
        again later. An earlier size can be staged again after another one was prepared, without a further call, so keep what
        was built for each size. The smaller last batch of a data set is staged without any call.

        Raises:
            UnsupportedModel: there can be no program for this size; only this size is left out.
        """

    @abstractmethod
    def stage(self, batch: Batch, into: Staged | None = None) -> Staged:
        """Copy a batch to the device.

        Args:
            batch: host arrays of the dtypes and shapes in `inputs`; they must not be written to. The harness does not
                change them while the slot is in use, so that a slot may hold the arrays themselves. They are contiguous,
                except with `--scope dataset`, where they can be views of a mapped file.
            into: a slot that `stage` returned before for the same shapes, to be reused (its addresses stay); its work is
                done. Where arrays cannot be written to, return a new slot: the old one is dropped without `release`.

        Returns:
            The slot: staged inputs, and later the outputs that `run` left there.
        """

    @abstractmethod
    def run(self, staged: Staged) -> None:
        """Run the model on a staged batch and leave the outputs in the slot. May return before the work is done.

        A run is waited for, by `synchronize` or `wait`, before its slot is run, staged or fetched again; until then at most
        one other slot is run. Only the conformance kit runs more before it calls `synchronize`, which waits for all of it.
        """

    def running(self) -> AbstractContextManager[object]:
        """Return a context for many calls of `run`, which sets up once what all of them need, such as a mode of the
        framework. It is entered around warm-up and timed slices; `run` must work without it too. Default: nothing.
        """
        return nullcontext()

    @abstractmethod
    def synchronize(self) -> None:
        """Return when all work that was given to the device is done, that of every slot."""

    def wait(self, staged: Staged) -> None:  # noqa: ARG002 - a slot's own barrier is an override's affair
        """Return when the work on this slot is done. Called once for each run of batches that are queued ahead, which happens
        only on devices in `Capabilities.asynchronous`. Default: `synchronize()`.
        """
        self.synchronize()

    @abstractmethod
    def fetch(self, staged: Staged) -> Sequence[Array]:
        """Return the outputs on the host, in the order of `outputs`; the arrays own their memory. The slot's work is done."""

    def release(self, staged: Staged) -> None:
        """Free a slot: once for each that `stage` returned last. Default: nothing."""

    def compilations(self) -> int | None:
        """Return the number of traces and compilations so far; None if the framework never compiles, or does not count."""
        return None

    def peak_memory(self) -> MemoryReading | None:
        """Return the framework's own peak since `reset_peak_memory`, or None if it is not known."""
        return None

    def reset_peak_memory(self) -> None:
        """Start a new peak. Default: nothing."""

    def close(self) -> None:
        """Free what the session holds. Not called in a worker that is ended by force, such as after an out-of-memory error.
        Default: nothing.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
