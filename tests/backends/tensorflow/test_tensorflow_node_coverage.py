"""ONNX's own node tests, imported into TensorFlow: which pass, which are refused, and that none is wrong."""

from __future__ import annotations

import re

import pytest

from infer_compare.testing.node_cases import judge, node_cases, processor_backend

LEAST_COVERAGE = 0.92
"""Of the cases that ONNX Runtime passes."""

LEAST_COVERAGE_WITH_CONSTANTS = 0.97
"""The same, with those that pass once sizes, axes and scales are constants."""


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def verdicts():
    """Every case's verdict and message, by name."""
    pytest.importorskip("tensorflow")
    backend = processor_backend("tensorflow")
    return {case.name: judge(backend, case) for case in node_cases()}


def test_no_case_gives_a_wrong_answer_or_an_error_of_another_kind(verdicts):
    """What the importer cannot do it refuses; everything that it takes is right."""
    assert len(verdicts) > 1000
    assert {name: found for name, found in verdicts.items() if found[0] in {"wrong", "error"}} == {}


def test_every_refusal_names_the_operator_the_node_and_the_opset(verdicts):
    """People must be able to find the node in their file."""
    refusals = [message for verdict, message in verdicts.values() if verdict in {"unsupported", "constant"}]
    assert refusals
    for message in refusals:
        assert re.match(r"ONNX operator [\w.]+ \(node '.+', opset \d+\) ", message), message


def test_most_of_what_onnx_runtime_passes_is_covered(verdicts):
    """The share is a figure that the project publishes; it must not fall unnoticed."""
    pytest.importorskip("onnxruntime")
    runtime = processor_backend("onnx")
    passed = [verdicts[case.name][0] for case in node_cases() if judge(runtime, case)[0] == "pass"]
    assert len(passed) > 1000
    assert passed.count("pass") >= LEAST_COVERAGE * len(passed)
    assert passed.count("pass") + passed.count("constant") >= LEAST_COVERAGE_WITH_CONSTANTS * len(passed)
