"""A model in LiteRT's interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infer_compare.backends import BATCH, ModelError, Session, UnsupportedModel
from infer_compare_litert.failures import explain
from infer_compare_litert.model_file import opened
from infer_compare_litert.threads import started_threads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.backends import Array, Batch, OperatingPoint, Settings
    from infer_compare_litert import LiteRtOptions
    from infer_compare_litert.model_file import ModelFile

Shapes = tuple[tuple[int, ...], ...]


@dataclass(slots=True, eq=False)
class Slot:
    """One staged batch: an interpreter with its inputs, and later its outputs."""

    interpreter: Any
    shapes: Shapes


class LiteRtSession(Session[Slot]):
    """Interpreters of one file. Each holds one batch: its inputs are copied into it, and its outputs stay there.

    An interpreter that no slot holds is resized for the next batch size instead of making another.
    """

    def __init__(self, model: ModelFile, settings: Settings) -> None:
        """Make the first interpreter, for the smallest batch.

        Raises:
            UnsupportedModel: the file has another precision than was asked for, or an operator cannot be prepared.
        """
        if settings.precision not in {None, model.precision}:
            raise UnsupportedModel(
                f"{model.path.name} computes in {model.precision} where {settings.precision} is asked for."
            )
        options: LiteRtOptions = settings.options  # type: ignore[assignment]
        self.inputs, self.outputs = model.inputs, model.outputs
        self._model, self._settings, self._xnnpack = model, settings, options.xnnpack
        self._free: list[Slot] = []
        try:
            first, threads = started_threads(lambda: self._taken(self._shapes(1)))
        except RuntimeError as error:
            # Operators are prepared only here; `explain` turns LiteRT's error into a sentence.
            explained = explain(error, model.path)
            if explained is None:
                raise
            raise explained from error
        self._effective = self._told(first.interpreter, threads)
        self.release(first)

    @property
    def effective(self) -> Mapping[str, str]:
        """Threads and operators as the interpreter reports them, and the precision of the file."""
        return self._effective

    def prepare(self, point: OperatingPoint) -> None:
        """Create or resize an interpreter for this batch size."""
        self.release(self._taken(self._shapes(point.batch)))

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Copy the inputs into an interpreter; those of a quantized file are quantized on the way."""
        slot = into or self._taken(tuple(array.shape for array in batch))
        for tensor, array in zip(self._model.arguments, batch, strict=True):
            slot.interpreter.set_tensor(tensor.place, tensor.stored(array))
        return slot

    def run(self, staged: Slot) -> None:
        """Run the model in this thread and those of the interpreter's pool."""
        staged.interpreter.invoke()

    def synchronize(self) -> None:
        """Return at once: `run` is synchronous."""

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """Return copies of the outputs; those of a quantized file as the values that they stand for."""
        return [result.read(staged.interpreter.get_tensor(result.place)) for result in self._model.results]

    def release(self, staged: Slot) -> None:
        """Keep one interpreter for the next batch."""
        if staged.interpreter is not None and not self._free:
            self._free.append(Slot(staged.interpreter, staged.shapes))
        staged.interpreter = None

    def close(self) -> None:
        """Drop the interpreter, which ends its threads once no slot is left."""
        self._free.clear()

    def _shapes(self, batch: int) -> Shapes:
        return tuple(tuple(batch if size == BATCH else _size(size) for size in spec.shape) for spec in self.inputs)

    def _taken(self, shapes: Shapes) -> Slot:
        """Return an interpreter for these shapes."""
        slot = self._free.pop() if self._free else Slot(self._new(), ())
        if slot.shapes != shapes:
            for tensor, shape in zip(self._model.arguments, shapes, strict=True):
                slot.interpreter.resize_tensor_input(tensor.place, shape)
            slot.interpreter.allocate_tensors()
            slot.shapes = shapes
        return slot

    def _new(self) -> Any:  # noqa: ANN401 - LiteRT is untyped
        return opened(self._model.path, threads=self._settings.threads, xnnpack=self._xnnpack)

    def _told(self, interpreter: Any, threads: str) -> dict[str, str]:  # noqa: ANN401 - as above
        operators = interpreter._get_ops_details()  # noqa: SLF001 - there is no public way to it
        parts = sum(operator["op_name"] == "DELEGATE" for operator in operators)
        facts = {
            "device": "cpu",
            "precision": self._model.precision,
            # LiteRT's kernels start their threads when they first need them, and LiteRT has no function to count them.
            "threads": threads if parts else str(self._settings.threads),
            "delegate": f"XNNPACK ({parts} part{'s' * (parts > 1)})" if parts else "none",
        }
        if self._model.quantization:
            facts["quantized"] = self._model.quantization
        return facts


def _size(size: int | str) -> int:
    """Return a size that is not the batch."""
    if isinstance(size, str):
        raise ModelError(f"The axis {size!r} has no size; give it one with --input.")
    return size
