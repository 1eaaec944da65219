"""Converts the kit's ONNX models for a backend that takes no ONNX, with the installed converters."""

from __future__ import annotations

import atexit
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import memory
from infer_compare.errors import ModelError
from infer_compare.interfaces import TensorSpec
from infer_compare.models.conversion import cheapest
from infer_compare.models.specs import BATCH
from infer_compare.plugins import Plugins
from infer_compare.preparation.model_worker import ModelWorker
from infer_compare.scratch import Scratch
from infer_compare.testing.conformance.violation import NotApplicable
from infer_compare.worker.client import LocalProcess
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import ModelSource
    from infer_compare.plugins import ConverterEntry
    from infer_compare.testing.conformance.models import Example
    from infer_compare.worker.client import WorkerClient

WAIT_S = 900.0

_kept: dict[tuple[str, tuple[str, ...]], Path | ModelError] = {}
"""The converted models of the kit in this process, or the errors, by the names of model and converters. They are kept
because most tests of a backend check it several times, with different options."""


class Conversions:
    """Converts the kit's models to formats other than ONNX.

    Models are converted in one process: importing a framework takes much longer than converting a model of the kit.
    """

    def __init__(self, formats: Sequence[str]) -> None:
        """Find the converters.

        Args:
            formats: the formats that the backend takes.
        """
        ready = [entry for entry in Plugins.discover().converters if not entry.missing]
        self._converters = cheapest("onnx", formats, ready) or ()
        self._client = _LastingWorker(max_memory=memory.default_cap())
        settings = WorkerSettings(threads=1, seed=0, max_memory=memory.default_cap(), timeout_s=WAIT_S)
        self._worker = ModelWorker(settings, self._launch)

    @property
    def needed(self) -> bool:
        """Whether there is a path from ONNX to one of the formats, and none of them is ONNX."""
        return bool(self._converters)

    def converted(self, example: Example) -> Example:
        """Return a model in the format of the last converter.

        Raises:
            NotApplicable: one of the converters cannot convert it.
        """
        key = example.name, tuple(entry.reference for entry in self._converters)
        if key not in _kept:
            source = msgspec.structs.replace(example.source, inputs=_inputs(example))
            try:
                for entry in self._converters:
                    source = self._convert(entry, source)
                _kept[key] = source.path
            except ModelError as error:
                _kept[key] = error
        made = _kept[key]
        if isinstance(made, ModelError):
            raise NotApplicable(f"the model {example.name} is not converted for the backend: {made}") from made
        last = self._converters[-1].converter.target
        source = msgspec.structs.replace(example.source, format=last, location=str(made), inputs=_inputs(example))
        return replace(example, source=source)

    def _convert(self, entry: ConverterEntry, source: ModelSource) -> ModelSource:
        used = self._client.alive
        target = Path(tempfile.mkdtemp(dir=_folder()), f"{source.name}.{entry.converter.target}")
        try:
            self._worker.convert(entry, None, source, target)
        except ModelError:
            if not used:
                raise
            # Earlier conversions in the process may have caused the error.
            return self._convert(entry, source)
        return msgspec.structs.replace(source, format=entry.converter.target, location=str(target))

    def _launch(self, python: str | None, *, max_memory: int) -> WorkerClient:  # noqa: ARG002 - there is one
        return self._client

    def close(self) -> None:
        """End the process that converts."""
        self._client.close()


class _LastingWorker(LocalProcess):
    """A worker that stays for the next conversion, unless one failed in it."""

    def spawn(self, *, hurried: bool = False) -> None:
        """Start a worker if none is alive."""
        if not self.alive:
            super().spawn(hurried=hurried)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.kill()


@cache
def _folder() -> Path:
    """Return the folder of converted models, which is removed when this process ends."""
    scratch = Scratch()
    atexit.register(scratch.remove)
    return scratch.path


def _inputs(example: Example) -> tuple[TensorSpec, ...]:
    """Return the inputs of the ONNX file, whose first axis is the batch."""
    import onnx

    graph = onnx.load(example.source.path, load_external_data=False).graph
    return tuple(
        TensorSpec(value.name, array.dtype.name, (BATCH, *array.shape[1:]))
        for value, array in zip(graph.input, example.inputs, strict=True)
    )
