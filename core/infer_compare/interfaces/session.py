"""The base class of sessions: a model on a device, with the steps by which the harness runs batches.

There are several steps instead of one `infer` call, so that the harness alone decides what is timed; a session never times
itself. `tests/core/phases/test_order_of_steps.py` tests the documented order of calls.
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

# Type names as text, since numpy is not imported here.
Array: TypeAlias = "NDArray[Any]"
"""A numpy array."""
Batch: TypeAlias = "Sequence[NDArray[Any]]"
"""One array per input, in the order of `Session.inputs`; axis 0 is the batch axis."""

Staged = TypeVar("Staged")


class Session(ABC, Generic[Staged]):
    """A model on a device, ready to run batches. A context manager; `close` may be called twice.

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
        """The effective settings, read back from the framework: threads, precision, provider, compiled or eager."""

    def prepare(self, point: OperatingPoint) -> None:
        """Build, trace or tune for an operating point; the time is reported separately. Default: nothing.

        A session is prepared for a batch size before it stages the first batch of that size, and may be prepared for it again
        later. An earlier size may be staged again without a further call, so keep what was built for each size. The smaller
        last batch of a data set is staged without a call of `prepare`.

        Raises:
            UnsupportedModel: the model cannot run at this size; only this size is skipped.
        """

    @abstractmethod
    def stage(self, batch: Batch, into: Staged | None = None) -> Staged:
        """Copy a batch to the device.

        Args:
            batch: host arrays of the dtypes and shapes in `inputs`; they must not be written to. The harness does not
                change them while the slot is in use, so a slot may hold the arrays themselves. They are contiguous,
                except with `--scope dataset`, where they can be views of a mapped file.
            into: a slot that `stage` returned before for the same shapes, to be reused at the same addresses; its work is
                done. If its arrays cannot be written to, return a new slot: the old slot is dropped without `release`.

        Returns:
            The slot: staged inputs, and later the outputs that `run` left there.
        """

    @abstractmethod
    def run(self, staged: Staged) -> None:
        """Run the model on a staged batch and leave the outputs in the slot. May return before the work is done.

        The harness calls `synchronize` or `wait` before it runs, stages or fetches the slot again; until then it runs at most
        one other slot. Only the conformance kit runs more slots before it calls `synchronize`.
        """

    def running(self) -> AbstractContextManager[object]:
        """Return a context for many calls of `run` that sets up once what they all need, such as a mode of the framework. It is
        entered around warm-up and timed slices; `run` must work without it too. Default: nothing.
        """
        return nullcontext()

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until all work on the device is done, for every slot."""

    def wait(self, staged: Staged) -> None:  # noqa: ARG002 - a slot's own barrier is an override's affair
        """Wait until the work on this slot is done. Called once for each run of a batch that was queued ahead, which happens
        only on devices in `Capabilities.asynchronous`. Default: `synchronize()`.
        """
        self.synchronize()

    @abstractmethod
    def fetch(self, staged: Staged) -> Sequence[Array]:
        """Return the outputs on the host, in the order of `outputs`; the arrays must own their memory. The slot's work is done."""

    def release(self, staged: Staged) -> None:
        """Free a slot; called once for each slot that `stage` returned last. Default: nothing."""

    def compilations(self) -> int | None:
        """Return the number of traces and compilations so far; None if the framework never compiles or does not count them."""
        return None

    def peak_memory(self) -> MemoryReading | None:
        """Return the framework's own peak since `reset_peak_memory`; None if unknown."""
        return None

    def reset_peak_memory(self) -> None:
        """Start a new peak. Default: nothing."""

    def close(self) -> None:
        """Free the session's resources. Not called in a worker that is killed, such as after an out-of-memory error.
        Default: nothing.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
