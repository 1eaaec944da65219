"""ONNX's own node tests, imported into TensorFlow: which pass, which are refused, and that none is wrong.

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

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

NEWEST_OPSET = 22

LEAST_COVERAGE = 0.92
"""Of the cases that ONNX Runtime passes."""

LEAST_COVERAGE_WITH_CONSTANTS = 0.97
"""The same, with those that pass once sizes, axes and scales are constants."""

Verdict = Literal["pass", "constant", "unsupported", "wrong", "error"]
"""`constant`: the case passes once its inputs but the first are constants, as files that people export have them."""

PLAIN = frozenset(
    {"bool", "float16", "float32", "float64"} | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)


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
    def numeric(self) -> bool:
        """Whether every input and output is a tensor of numbers or truth values."""
        return all(
            isinstance(one, (np.ndarray, np.generic)) and one.dtype.name in PLAIN
            for one in (*self.inputs, *self.outputs)
        )

    def with_constants(self) -> NodeCase:
        """The same with all inputs but the first as constants of the model."""
        from onnx import ModelProto, numpy_helper

        model = ModelProto()
        model.CopyFrom(self.model)
        for given, value in zip(list(model.graph.input)[1:], self.inputs[1:], strict=True):
            model.graph.input.remove(given)
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), given.name))
        return NodeCase(self.name, model, self.inputs[:1], self.outputs, self.rtol, self.atol)


@cache
def node_cases() -> tuple[NodeCase, ...]:
    """The cases at opsets up to the newest that the importer implements, numeric ones only."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        # The generators of some cases overflow on purpose.
        warnings.simplefilter("ignore", RuntimeWarning)
        cases = [
            NodeCase(one.name, one.model, one.data_sets[0][0], one.data_sets[0][1], one.rtol, one.atol)
            for one in load_model_tests(kind="node")
            if one.model is not None and one.data_sets
        ]
    return tuple(case for case in cases if _opset(case.model) <= NEWEST_OPSET and case.numeric)


def _opset(model: onnx.ModelProto) -> int:
    return max((entry.version for entry in model.opset_import if entry.domain in {"", "ai.onnx"}), default=0)


def judge(case: NodeCase) -> tuple[Verdict, str]:
    """Imports and runs a case, once more with constants where it is refused."""
    verdict, message = attempt(case)
    if verdict != "unsupported" or len(case.inputs) < 2:
        return verdict, message
    again, difference = attempt(case.with_constants())
    if again == "unsupported":
        return verdict, message
    return ("constant", message) if again == "pass" else (again, f"with constants: {difference}")


def attempt(case: NodeCase) -> tuple[Verdict, str]:
    """Imports and runs a case as a session does, and compares what comes out."""
    from infer_compare import Device, UnsupportedModel
    from infer_compare_tensorflow import runtime
    from infer_compare_tensorflow.importer import import_onnx

    runtime.start(1)
    from infer_compare_tensorflow.session import TensorFlowSession

    try:
        with TensorFlowSession(import_onnx(case.model), Device("cpu"), jit_compile=False) as session:
            slot = session.stage([np.asarray(one) for one in case.inputs])
            session.run(slot)
            results = session.fetch(slot)
    except UnsupportedModel as error:
        return "unsupported", str(error)
    except Exception as error:  # noqa: BLE001 - a fault of the importer is what this looks for
        return "error", f"{type(error).__name__}: {error}"
    for expected, actual in zip(case.outputs, results, strict=True):
        message = difference(np.asarray(expected), actual, case.rtol, case.atol)
        if message:
            return "wrong", message
    return "pass", ""


def difference(expected: NDArray[Any], actual: NDArray[Any], rtol: float, atol: float) -> str:
    """What differs, or nothing."""
    if expected.dtype != actual.dtype:
        return f"dtype {actual.dtype} instead of {expected.dtype}"
    if expected.shape != actual.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    if expected.dtype.kind == "f" and expected.size:
        # Single precision cannot do better for a result that is a small difference of great numbers.
        finite = expected[np.isfinite(expected)]
        atol = max(atol, 1e-6 * float(np.max(np.abs(finite), initial=0)))
    if not np.allclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True):
        return f"values differ by up to {np.nanmax(np.abs(actual.astype(float) - expected.astype(float))):.3g}"
    return ""


def onnx_runtime_passes(case: NodeCase) -> bool:
    """Whether ONNX Runtime's processor provider takes the case and agrees with it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(
            case.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        names = [one.name for one in session.get_inputs()]
        results = session.run(None, dict(zip(names, map(np.asarray, case.inputs), strict=True)))
    except Exception:  # noqa: BLE001 - its exceptions have no base class of their own
        return False
    return all(
        not difference(np.asarray(expected), np.asarray(actual), case.rtol, case.atol)
        for expected, actual in zip(case.outputs, results, strict=True)
    )


@pytest.fixture(scope="module")
def verdicts() -> dict[str, tuple[Verdict, str]]:
    """Every case with its verdict, by name."""
    pytest.importorskip("tensorflow")
    return {case.name: judge(case) for case in node_cases()}


def test_no_case_gives_a_wrong_answer_or_an_error_of_another_kind(verdicts: dict[str, tuple[Verdict, str]]) -> None:
    """What the importer cannot do it refuses; everything that it takes is right."""
    assert len(verdicts) > 1000
    bad = {name: found for name, found in verdicts.items() if found[0] in {"wrong", "error"}}
    assert not bad


def test_every_refusal_names_the_operator_the_node_and_the_opset(verdicts: dict[str, tuple[Verdict, str]]) -> None:
    """People must be able to find the node in their file."""
    refusals = [message for verdict, message in verdicts.values() if verdict in {"unsupported", "constant"}]
    assert refusals
    for message in refusals:
        assert re.match(r"ONNX operator [\w.]+ \(node '.+', opset \d+\) ", message), message


def test_most_of_what_onnx_runtime_passes_is_covered(verdicts: dict[str, tuple[Verdict, str]]) -> None:
    """The share is a figure that the project publishes; it must not fall unnoticed."""
    pytest.importorskip("onnxruntime")
    passed = [verdicts[case.name][0] for case in node_cases() if onnx_runtime_passes(case)]
    assert len(passed) > 1000
    assert passed.count("pass") >= LEAST_COVERAGE * len(passed)
    assert passed.count("pass") + passed.count("constant") >= LEAST_COVERAGE_WITH_CONSTANTS * len(passed)


def main() -> None:
    """Prints the cases that do not pass, and the counts: of all, and of those that ONNX Runtime passes."""
    counts: Counter[str] = Counter()
    among: Counter[str] = Counter()
    for case in node_cases():
        verdict, message = judge(case)
        counts[verdict] += 1
        if onnx_runtime_passes(case):
            among[verdict] += 1
        if verdict != "pass":
            print(f"{verdict:12} {case.name}: {message[:160]}")  # noqa: T201
    print(dict(counts), f"of {counts.total()}")  # noqa: T201
    print("that ONNX Runtime passes:", dict(among), f"of {among.total()}")  # noqa: T201


if __name__ == "__main__":
    main()
    sys.exit()
