"""The page on coverage says what the importers do now."""

from __future__ import annotations

import pytest

from .conftest import load_script  # type: ignore[import-not-found]

LEAST_SHARE = 0.85

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


def test_the_share_is_what_is_promised(renderer, measured):
    """Of the cases that ONNX Runtime passes on the processor."""
    names = renderer.counted(measured)
    assert len(names) > 1000
    for backend in renderer.IMPORTERS:
        assert measured[backend].count(names)["pass"] >= LEAST_SHARE * len(names), backend
