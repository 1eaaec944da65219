"""ONNX's own node tests, imported into torch: which pass, which are refused, and that none is wrong.

Run as a program, it prints the counts that the project publishes.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto, numpy_helper

torch = pytest.importorskip("torch")

from infer_compare import UnsupportedModel  # noqa: E402
from infer_compare_torch.importer import import_model  # noqa: E402
from infer_compare_torch.importer.dtypes import numpy_from_tensor, tensor_from_numpy  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx
    from numpy.typing import NDArray

PUBLISHED_OPSET = 22
"""The counts are of cases up to this opset, all of which the installed ONNX Runtime knows."""

NEWEST_OPSET = 25
"""The newest opset with operators that the importer implements."""

REFUSAL = re.compile(
    r"ONNX operator \S+ \(node '.*', opset \d+\)|(input|constant) '\w+'|'\w+' is a \w+, and only tensors"
    r"|^Resize aligns corners by a scale"
)
"""What a refusal names: the operator with its node and opset, or the value that is not taken; and the one refusal that
comes in a run, of a scale that is an input."""

Verdict = Literal["pass", "unsupported", "wrong", "error"]


@dataclass(frozen=True, slots=True)
class NodeCase:
    """A model of one or a few nodes, with inputs and the outputs that ONNX expects."""

    name: str
    model: onnx.ModelProto
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    rtol: float
    atol: float

    @property
    def opset(self) -> int:
        """The version of ONNX's own operators."""
        return max((entry.version for entry in self.model.opset_import if entry.domain in {"", "ai.onnx"}), default=0)


@cache
def node_cases() -> tuple[NodeCase, ...]:
    """The cases at opsets up to the newest that the importer implements."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        # The generators of some cases overflow on purpose.
        warnings.simplefilter("ignore", RuntimeWarning)
        cases = [
            NodeCase(one.name, one.model, one.data_sets[0][0], one.data_sets[0][1], one.rtol, one.atol)
            for one in load_model_tests(kind="node")
            if one.model is not None and one.data_sets
        ]
    return tuple(case for case in cases if case.opset <= NEWEST_OPSET)


def judge(case: NodeCase) -> tuple[Verdict, str]:
    """Imports and runs a case, and compares what comes out."""
    try:
        module = import_model(case.model).module
        with torch.inference_mode():
            results = module(*(tensor_from_numpy(as_array(one)) for one in case.inputs))
    except UnsupportedModel as error:
        return "unsupported", str(error)
    except Exception as error:  # noqa: BLE001 - a fault of the importer is what this looks for
        return "error", f"{type(error).__name__}: {error}"
    tensors = results if isinstance(results, tuple) else (results,)
    for expected, tensor in zip(case.outputs, tensors, strict=True):
        message = difference(as_array(expected), numpy_from_tensor(tensor), case.rtol, case.atol)
        if message:
            return "wrong", message
    return "pass", ""


def as_array(one: Any) -> NDArray[Any]:
    """An input or output that a case gives as an array, as a number, or as a tensor of ONNX's."""
    return numpy_helper.to_array(one) if isinstance(one, TensorProto) else np.array(one)


def difference(expected: NDArray[Any], actual: NDArray[Any], rtol: float, atol: float) -> str:
    """What differs, or nothing."""
    if expected.dtype != actual.dtype:
        return f"dtype {actual.dtype} instead of {expected.dtype}"
    if expected.shape != actual.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    if expected.dtype.kind == "f" or expected.dtype == ml_dtypes.bfloat16:
        # A dtype cannot do better for a result that is a small difference of great numbers.
        unit = max(1e-6, float(ml_dtypes.finfo(expected.dtype).eps))  # type: ignore[no-untyped-call]
        expected, actual = expected.astype(np.float64), actual.astype(np.float64)
        atol = max(atol, unit * float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0)))
    if not np.allclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True):
        return f"values differ by up to {np.nanmax(np.abs(actual.astype(float) - expected.astype(float))):.3g}"
    return ""


@cache
def verdicts() -> Mapping[str, tuple[Verdict, str]]:
    """Every case's verdict and message, by name."""
    return {case.name: judge(case) for case in node_cases()}


def runs_in_onnx_runtime(case: NodeCase) -> bool:
    """Whether ONNX Runtime gives on the processor what ONNX expects."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(
            case.model.SerializeToString(), options, providers=["CPUExecutionProvider"], enable_fallback=False
        )
        names = [one.name for one in session.get_inputs()]
        results = session.run(None, dict(zip(names, case.inputs, strict=True)))
        return all(
            not difference(as_array(expected), np.asarray(result), case.rtol, case.atol)
            for expected, result in zip(case.outputs, results, strict=True)
        )
    except Exception:  # noqa: BLE001 - it has many ways to refuse a case
        return False


def test_no_case_is_imported_into_something_else() -> None:
    """An operator is right or refused; there is nothing between."""
    faults = {name: verdict for name, verdict in verdicts().items() if verdict[0] in {"wrong", "error"}}
    assert faults == {}


def test_a_refusal_names_the_operator_with_its_node_and_opset() -> None:
    """Nobody has to search a graph for what was not understood."""
    refusals = [message for verdict, message in verdicts().values() if verdict == "unsupported"]
    assert refusals
    assert [message for message in refusals if not REFUSAL.search(message)] == []


def test_nineteen_cases_in_twenty_that_onnx_runtime_runs_are_imported() -> None:
    """What keeps a model out of torch is rare."""
    pytest.importorskip("onnxruntime")
    runs = [case.name for case in node_cases() if case.opset <= PUBLISHED_OPSET and runs_in_onnx_runtime(case)]
    passing = [name for name in runs if verdicts()[name][0] == "pass"]
    assert len(runs) > 900
    assert len(passing) >= 0.95 * len(runs)


def main() -> None:
    """Prints the cases that do not pass, and the counts."""
    counts: Counter[str] = Counter()
    for case in node_cases():
        verdict, message = verdicts()[case.name]
        if case.opset <= PUBLISHED_OPSET:
            counts[verdict] += 1
        if verdict != "pass":
            print(f"{verdict:12} {case.name}: {message[:160]}")  # noqa: T201
    print(f"up to opset {PUBLISHED_OPSET}:", dict(counts), f"of {sum(counts.values())}")  # noqa: T201


if __name__ == "__main__":
    main()
    sys.exit()
