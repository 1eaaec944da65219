"""The page on batch sizes shows what its stored runs say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from infer_compare import api
from infer_compare.report import document

from .conftest import load_script  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def renderer():
    """The script that renders the runs."""
    return load_script("render_batch_size")


@pytest.fixture
def batch_page(root):
    """Its text."""
    return (root / "docs" / "batch-size.md").read_text(encoding="utf-8")


def test_the_figures_are_what_the_runs_render_to(renderer, batch_page):
    """`python docs/render_batch_size.py` renders them anew."""
    for name in renderer.SHOWN:
        shown = renderer.target(name).read_text(encoding="utf-8")
        assert shown == renderer.figure(name), "run python docs/render_batch_size.py"
        assert f"{{literalinclude}} figures/batch-size/{name}.txt" in batch_page


def test_the_picture_stands_by_itself(renderer, batch_page):
    """It is XML, and loads nothing."""
    drawn = renderer.PICTURE.read_text(encoding="utf-8")
    assert ET.fromstring(drawn).tag.endswith("svg")
    assert not re.search(r"(?:href|src)=\"https?:|url\(http", drawn)
    assert f"(images/{renderer.PICTURE.name})" in batch_page


def test_the_curves_are_those_of_which_the_page_speaks(renderer):
    """TensorFlow gains most by batching and PyTorch falls again; more samples fit in int8."""
    made = document(api.load_run(renderer.FIGURES / "frameworks"))
    rate = {
        (one.contender, one.point.batch): one.figures.throughput
        for curve in made.curves
        for one in curve.points
        if one.figures is not None
    }
    gains = {
        name: max(found for (whose, _), found in rate.items() if whose == name) / rate[name, 1]
        for name in ("torch", "onnx", "tensorflow")
    }
    assert max(gains, key=gains.get) == "tensorflow"
    assert min(gains, key=gains.get) == "onnx"
    assert rate["torch", 16] < rate["torch", 8]
    largest = {
        name: max(one.largest_fitting for one in api.load_run(renderer.FIGURES / name).limits)
        for name in ("float32", "int8")
    }
    assert largest["int8"] > 3 * largest["float32"]
