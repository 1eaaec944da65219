"""The kit's ONNX models as a run brings them to a backend that takes no ONNX: by the converters that are installed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import memory
from infer_compare.errors import ModelError
from infer_compare.interfaces import TensorSpec
from infer_compare.models.conversion import cheapest
from infer_compare.models.specs import BATCH
from infer_compare.plugins import Plugins
from infer_compare.preparation.model_worker import ModelWorker
from infer_compare.testing.conformance.violation import NotApplicable
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.plugins import ConverterEntry
    from infer_compare.testing.conformance.models import Example

WAIT_S = 900.0


def converters_to(formats: Sequence[str]) -> tuple[ConverterEntry, ...]:
    """Return what brings ONNX models to one of the formats; nothing where ONNX is one of them, or where there is no way."""
    ready = [entry for entry in Plugins.discover().converters if not entry.missing]
    return cheapest("onnx", formats, ready) or ()


def converted(example: Example, converters: Sequence[ConverterEntry]) -> Example:
    """Return a model in the format of the last converter, beside the file that it is made of.

    Raises:
        NotApplicable: one of them cannot convert it.
    """
    source = msgspec.structs.replace(example.source, inputs=_inputs(example))
    worker = ModelWorker(WorkerSettings(threads=1, seed=0, max_memory=memory.default_cap(), timeout_s=WAIT_S))
    for entry in converters:
        target = example.source.path.with_suffix(f".{entry.converter.target}")
        try:
            worker.convert(entry, None, source, target)
        except ModelError as error:
            raise NotApplicable(f"the model {example.name} is not converted for the backend: {error}") from error
        source = msgspec.structs.replace(source, format=entry.converter.target, location=str(target))
    return replace(example, source=source)


def _inputs(example: Example) -> tuple[TensorSpec, ...]:
    """The inputs of the ONNX file, of which the first axis is the batch."""
    import onnx

    graph = onnx.load(example.source.path, load_external_data=False).graph
    return tuple(
        TensorSpec(value.name, array.dtype.name, (BATCH, *array.shape[1:]))
        for value, array in zip(graph.input, example.inputs, strict=True)
    )
