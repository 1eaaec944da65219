"""ONNX's own node tests, imported into torch: which pass, which are refused, and that none is wrong.

Run as a program, it prints the counts that the project publishes.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import onnx
    from numpy.typing import NDArray

NEWEST_OPSET = 22

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
    def numeric(self) -> bool:
        """Whether every input and output is a tensor of numbers or truth values."""
        return all(
            isinstance(one, (np.ndarray, np.generic)) and one.dtype.kind in "fiub" and one.dtype.name in PLAIN
            for one in (*self.inputs, *self.outputs)
        )


PLAIN = frozenset(
    {"bool", "float16", "float32", "float64"} | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)


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
    """Imports and runs a case, and compares what comes out."""
    import torch

    from infer_compare import UnsupportedModel
    from infer_compare_torch.importer import import_model

    try:
        module = import_model(case.model).module
    except UnsupportedModel as error:
        return "unsupported", str(error)
    except Exception as error:  # noqa: BLE001 - a fault of the importer is what this looks for
        return "error", f"{type(error).__name__}: {error}"
    try:
        with torch.inference_mode():
            results = module(*(torch.from_numpy(np.array(one)) for one in case.inputs))
    except UnsupportedModel as error:
        return "unsupported", str(error)
    except Exception as error:  # noqa: BLE001 - as above
        return "error", f"{type(error).__name__}: {error}"
    tensors = results if isinstance(results, tuple) else (results,)
    for expected, tensor in zip(case.outputs, tensors, strict=True):
        message = difference(np.asarray(expected), tensor.numpy(), case.rtol, case.atol)
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


def tally() -> Iterator[tuple[NodeCase, Verdict, str]]:
    """Every case with its verdict."""
    for case in node_cases():
        yield case, *judge(case)


def main() -> None:
    """Prints the cases that do not pass, and the counts."""
    counts: Counter[str] = Counter()
    for case, verdict, message in tally():
        counts[verdict] += 1
        if verdict != "pass":
            print(f"{verdict:12} {case.name}: {message[:160]}")  # noqa: T201
    print(dict(counts), f"of {sum(counts.values())}")  # noqa: T201


if __name__ == "__main__":
    main()
    sys.exit()
