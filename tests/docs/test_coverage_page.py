"""The page on coverage says what the importers do now."""

from __future__ import annotations

import re

import pytest

from infer_compare.models.builtin import builtin_models
from infer_compare.testing.coverage.record import count

from .conftest import load_script  # type: ignore[import-not-found]

LEAST = {"torch": 0.95, "tensorflow": 0.92}
"""Share of the cases that ONNX Runtime passes; it is published, and must not fall unnoticed."""
REFUSALS = {
    "torch": re.compile(
        r"ONNX operator \S+ \(node '.*', opset \d+\)|(input|constant) '\w+'|'\w+' is a \w+, and only tensors"
        r"|^Resize aligns corners by a scale"
    ),
    "tensorflow": re.compile(r"^ONNX operator [\w.]+ \(node '.+', opset \d+\) "),
}
"""What a refusal names: the operator with its node and opset; for torch it may be the value that is not taken, or it is
the one refusal that comes in a run, of a scale that is an input."""
LEAST_WITH_CONSTANTS = 0.97
"""The same, with those that pass once sizes, axes and scales are constants."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def renderer():
    """The script that writes the page."""
    for framework in ("onnxruntime", "torch", "tensorflow"):
        pytest.importorskip(framework)
    return load_script("render_coverage")


@pytest.fixture(scope="module")
def coverage(renderer):
    """What the importers make of every case."""
    return renderer.measure()


@pytest.fixture(scope="module")
def by_backend(coverage):
    """The same by the backend's name."""
    return {one.backend: one for one in coverage.backends}


def test_the_page_is_up_to_date(renderer, coverage):
    """`python docs/render_coverage.py` writes it anew."""
    assert renderer.PAGE.read_text(encoding="utf-8") == renderer.text(coverage), "run python docs/render_coverage.py"


def test_no_importer_gives_a_wrong_answer_in_silence(by_backend):
    """Of all the cases, not only those that ONNX Runtime passes."""
    assert {name: one.faults for name, one in by_backend.items() if one.faults} == {}


@pytest.mark.parametrize("backend", REFUSALS)
def test_every_refusal_names_the_operator_the_node_and_the_opset(by_backend, backend):
    """People must be able to find the node in their file."""
    refusals = [one.message for one in by_backend[backend].results if one.verdict in {"refused", "constant"}]
    assert refusals
    assert [message for message in refusals if not REFUSALS[backend].search(message)] == []


def test_the_share_is_what_is_promised(renderer, coverage, by_backend):
    """Of the cases that ONNX Runtime passes on the processor."""
    names = coverage.counted
    assert len(names) > 1000
    assert set(renderer.IMPORTERS) == set(LEAST) == set(by_backend)
    for backend, least in LEAST.items():
        counts = count(by_backend[backend].by_case[name] for name in names)
        assert counts["right"] >= least * len(names), backend
        assert counts["right"] + counts["constant"] >= LEAST_WITH_CONSTANTS * len(names), backend


def test_every_built_in_model_is_imported(by_backend):
    """They are what people try first."""
    for backend in by_backend.values():
        models = backend.of_kind("model")
        assert len(models) == len(builtin_models())
        assert {one.about for one in models if one.verdict != "right"} == set(), backend.backend
