"""ONNX's own node tests, imported into torch: which pass, which are refused, and that none is wrong."""

from __future__ import annotations

import re

import pytest

from node_cases import PUBLISHED_OPSET, judge, node_cases, processor_backend

NEWEST_OPSET = 25
"""The newest opset with operators that the importer implements."""

REFUSAL = re.compile(
    r"ONNX operator \S+ \(node '.*', opset \d+\)|(input|constant) '\w+'|'\w+' is a \w+, and only tensors"
    r"|^Resize aligns corners by a scale"
)
"""What a refusal names: the operator with its node and opset, or the value that is not taken; and the one refusal that
comes in a run, of a scale that is an input."""


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def verdicts():
    """Every case's verdict and message, by name; those of strings, sequences and narrow floats too."""
    pytest.importorskip("torch")
    backend = processor_backend("torch")
    return {case.name: judge(backend, case) for case in node_cases(NEWEST_OPSET, numeric=False)}


def test_no_case_is_imported_into_something_else(verdicts):
    """An operator is right or refused; there is nothing between."""
    assert {name: found for name, found in verdicts.items() if found[0] in {"wrong", "error"}} == {}


def test_a_refusal_names_the_operator_with_its_node_and_opset(verdicts):
    """Nobody has to search a graph for what was not understood."""
    refusals = [message for verdict, message in verdicts.values() if verdict in {"unsupported", "constant"}]
    assert refusals
    assert [message for message in refusals if not REFUSAL.search(message)] == []


def test_nineteen_cases_in_twenty_that_onnx_runtime_runs_are_imported(verdicts):
    """What keeps a model out of torch is rare."""
    pytest.importorskip("onnxruntime")
    runtime = processor_backend("onnx")
    runs = [case.name for case in node_cases(PUBLISHED_OPSET) if judge(runtime, case)[0] == "pass"]
    passing = [name for name in runs if verdicts[name][0] == "pass"]
    assert len(runs) > 1000
    assert len(passing) >= 0.95 * len(runs)
