"""ONNX's own node tests as cases for a backend: which it computes right, which it refuses, and that none is wrong.

The `onnx` package generates small models, each with inputs and the outputs that are right. A backend goes through them
by its public interface: it loads a file, takes a batch and gives arrays.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from infer_compare.errors import UnsupportedModel
from infer_compare.interfaces import Device, ModelSource, Settings
from infer_compare.plugins import Plugins, read_options
from infer_compare.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

    from infer_compare.interfaces import Backend

    Array = NDArray[Any]

PUBLISHED_OPSET = 22
"""The published counts are of cases up to this opset, all of which the installed ONNX Runtime knows."""

NUMBERS = frozenset(
    {"bool", "float16", "float32", "float64"} | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)
"""The dtypes of cases of floating-point and whole numbers."""

Verdict = Literal["pass", "constant", "unsupported", "wrong", "error"]
"""`constant`: the case passes once its inputs but the first are constants, as files that people export have them."""


@dataclass(frozen=True, slots=True)
class NodeCase:
    """A model of one or a few nodes, with inputs and the outputs that ONNX expects."""

    name: str
    model: onnx.ModelProto
    inputs: Sequence[Any]
    """Arrays, numbers, tensors of ONNX's, or lists and dictionaries of them."""
    outputs: Sequence[Any]
    rtol: float
    atol: float

    @property
    def opset(self) -> int:
        """The version of ONNX's own operators."""
        return max((entry.version for entry in self.model.opset_import if entry.domain in {"", "ai.onnx"}), default=0)

    @property
    def numeric(self) -> bool:
        """Whether every input and output is a tensor of numbers or truth values."""
        import numpy as np

        return all(
            isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in NUMBERS
            for value in (*self.inputs, *self.outputs)
        )

    def with_constants(self) -> NodeCase:
        """The same with all inputs but the first as constants of the model."""
        import numpy as np
        from onnx import ModelProto, numpy_helper

        model = ModelProto()
        model.CopyFrom(self.model)
        for given, value in zip(list(model.graph.input)[1:], self.inputs[1:], strict=True):
            model.graph.input.remove(given)
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), given.name))
        return NodeCase(self.name, model, self.inputs[:1], self.outputs, self.rtol, self.atol)


@cache
def all_cases() -> tuple[NodeCase, ...]:
    """Every case of the installed `onnx` package that has a model and data."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        # The generators of some cases overflow on purpose.
        warnings.simplefilter("ignore", RuntimeWarning)
        return tuple(
            NodeCase(case.name, case.model, case.data_sets[0][0], case.data_sets[0][1], case.rtol, case.atol)
            for case in load_model_tests(kind="node")
            if case.model is not None and case.data_sets
        )


def node_cases(newest_opset: int = PUBLISHED_OPSET, *, numeric: bool = True) -> tuple[NodeCase, ...]:
    """The cases up to an opset; numeric ones alone, or those with strings, sequences and narrow floats as well."""
    return tuple(case for case in all_cases() if case.opset <= newest_opset and (case.numeric or not numeric))


def processor_backend(name: str) -> Backend[Any]:
    """An installed backend with its default options and one thread, set up in this process."""
    kind = Plugins.discover().find(name).backend
    backend = kind(Settings(options=read_options(kind, {}), threads=1))
    backend.version()
    return backend


def verdict_on(backend: Backend[Any], case: NodeCase) -> tuple[Verdict, str]:
    """Runs a case on the processor, once more with constants where it is refused.

    Returns:
        The verdict, and in words what was refused, raised or different.
    """
    verdict, message = attempt(backend, case)
    if verdict != "unsupported" or len(case.inputs) < 2 or not case.numeric:
        return verdict, message
    again, difference = attempt(backend, case.with_constants())
    if again == "unsupported":
        return verdict, message
    return ("constant", message) if again == "pass" else (again, f"with constants: {difference}")


def attempt(backend: Backend[Any], case: NodeCase) -> tuple[Verdict, str]:
    """Runs a case on the processor, and compares what comes out."""
    with Scratch() as folder:
        path = folder / "case.onnx"
        path.write_bytes(case.model.SerializeToString())
        source = ModelSource(format="onnx", location=str(path), name=case.name)
        try:
            with backend.to_device(backend.load(source), Device("cpu")) as session:
                slot = session.stage([as_array(value) for value in case.inputs])
                session.run(slot)
                session.synchronize()
                results = session.fetch(slot)
        except UnsupportedModel as error:
            return "unsupported", str(error)
        except Exception as error:  # noqa: BLE001 - a fault of the backend is what this looks for
            return "error", f"{type(error).__name__}: {error}"
    if len(results) != len(case.outputs):
        return "wrong", f"{len(results)} outputs instead of {len(case.outputs)}"
    for expected, result in zip(case.outputs, results, strict=True):
        message = difference(as_array(expected), result, case.rtol, case.atol)
        if message:
            return "wrong", message
    return "pass", ""


def as_array(value: Any) -> Array:
    """An input or output that a case gives as an array, as a number, or as a tensor of ONNX's."""
    import numpy as np
    from onnx import TensorProto, numpy_helper

    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.array(value)


def difference(expected: Array, actual: Array, rtol: float, atol: float) -> str:
    """What differs, or nothing."""
    import ml_dtypes
    import numpy as np

    if expected.dtype != actual.dtype:
        return f"dtype {actual.dtype} instead of {expected.dtype}"
    if expected.shape != actual.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    if expected.dtype.kind == "f" or expected.dtype.name == "bfloat16":
        # A dtype cannot do better for a result that is a small difference of great numbers.
        unit = max(1e-6, float(ml_dtypes.finfo(expected.dtype).eps))  # type: ignore[no-untyped-call]
        expected, actual = expected.astype(np.float64), actual.astype(np.float64)
        atol = max(atol, unit * float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0)))
    if not np.allclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True):
        return f"values differ by up to {np.nanmax(np.abs(actual.astype(float) - expected.astype(float))):.3g}"
    return ""
