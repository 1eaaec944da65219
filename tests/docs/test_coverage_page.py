"""The page on coverage says what the importers do now."""

from __future__ import annotations

import re

import pytest

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
def measured(renderer):
    """What every backend makes of every case."""
    return renderer.measure_all()


def test_the_page_is_up_to_date(renderer, measured):
    """`python docs/render_coverage.py` writes it anew."""
    assert renderer.PAGE.read_text(encoding="utf-8") == renderer.page(measured), "run python docs/render_coverage.py"


def test_no_importer_gives_a_wrong_answer_in_silence(renderer, measured):
    """Of all the cases, not only those that ONNX Runtime passes."""
    for backend in renderer.IMPORTERS:
        found = measured[backend].verdicts
        assert {name: one for name, one in found.items() if one[0] not in {"pass", "constant", "unsupported"}} == {}


@pytest.mark.parametrize("backend", REFUSALS)
def test_every_refusal_names_the_operator_the_node_and_the_opset(measured, backend):
    """People must be able to find the node in their file."""
    verdicts = measured[backend].verdicts.values()
    refusals = [message for verdict, message in verdicts if verdict in {"unsupported", "constant"}]
    assert refusals
    assert [message for message in refusals if not REFUSALS[backend].search(message)] == []


def test_the_share_is_what_is_promised(renderer, measured):
    """Of the cases that ONNX Runtime passes on the processor."""
    names = renderer.counted(measured)
    assert len(names) > 1000
    assert set(renderer.IMPORTERS) == set(LEAST)
    for backend, least in LEAST.items():
        count = measured[backend].count(names)
        assert count["pass"] >= least * len(names), backend
        assert count["pass"] + count["constant"] >= LEAST_WITH_CONSTANTS * len(names), backend
