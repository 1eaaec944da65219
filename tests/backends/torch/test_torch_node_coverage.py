"""ONNX's own node tests that no published count has: imported into torch they are right or refused, and never wrong.

The others, of numbers and of opsets that ONNX Runtime knows, are those of the page on coverage: `tests/docs` goes
through them.
"""

from __future__ import annotations

import re

import pytest

from infer_compare.testing.coverage.node_cases import PUBLISHED_OPSET, node_cases
from infer_compare.testing.coverage.trial import processor_backend, verdict_on

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
    """The verdict and message by name of each case of a newer opset, or of strings, sequences and narrow floats."""
    pytest.importorskip("torch")
    backend = processor_backend("torch")
    published = {case.name for case in node_cases(PUBLISHED_OPSET)}
    cases = [case for case in node_cases(NEWEST_OPSET, numeric=False) if case.name not in published]
    assert len(cases) > 100
    return {case.name: verdict_on(backend, case) for case in cases}


def test_no_case_is_imported_into_something_else(verdicts):
    """An operator is right or refused; there is nothing between."""
    assert {name: found for name, found in verdicts.items() if found.verdict in {"wrong", "raised"}} == {}


def test_a_refusal_names_the_operator_with_its_node_and_opset(verdicts):
    """Nobody has to search a graph for what was not understood."""
    refusals = [message for verdict, message in verdicts.values() if verdict in {"refused", "constant"}]
    assert refusals
    assert [message for message in refusals if not REFUSAL.search(message)] == []
