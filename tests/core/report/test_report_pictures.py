"""PNG and SVG: of the right size, with every contender and figure in them, and the same each time."""

from __future__ import annotations

import colorsys
import io
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.colors as mcolors
import numpy as np
import pytest
from PIL import Image

from infer_compare.report import document
from infer_compare.report.charts.palette import SYMBOLS
from infer_compare.report.figure.canvas import draw
from infer_compare.report.figure.rows import frontier, rows_of
from infer_compare.report.figure.scales import short
from infer_compare.report.figure.style import looks
from infer_compare.report.html import HtmlReporter
from infer_compare.report.picture import PngReporter, SvgReporter
from infer_compare.results import OutOfMemory, Run

if TYPE_CHECKING:
    from conftest import Story

SVG = "{http://www.w3.org/2000/svg}"
LABELS = ("_hidden", "$x_1$", r"\frac", "a<b>&c", "名前")


def texts(svg: str) -> list[str]:
    """The letters of a picture, as a search in it finds them."""
    return [(one.text or "").strip("\N{ZERO WIDTH SPACE}") for one in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_png_is_seven_inches_wide_at_300_dots_an_inch(story: type[Story]) -> None:
    """And is not empty."""
    picture = Image.open(io.BytesIO(PngReporter().render(document(story().run()))))
    assert picture.width == 2100
    assert picture.info["dpi"][0] == pytest.approx(300, abs=0.1)
    pixels = np.asarray(picture.convert("L"))
    assert 0.01 < (pixels < 250).mean() < 0.5


def test_every_contender_can_be_told_apart_without_colour(story: type[Story]) -> None:
    """By marker and line together; and in colour by neither alone."""
    found = looks({f"contender {number}": f"framework {number}" for number in range(42)})
    assert len(set(found.values())) == 42
    assert len({one.marker for one in list(found.values())[:7]}) == 7


def test_contenders_of_one_framework_share_a_hue_and_nothing_else() -> None:
    """Lightness, marker and line tell them apart."""
    one, other = looks({"float32": "torch", "bfloat16": "torch"}).values()
    assert (one.colour, one.marker, one.dashes) != (other.colour, other.marker, other.dashes)
    hues = [colorsys.rgb_to_hsv(*mcolors.to_rgb(look.colour))[0] for look in (one, other)]
    assert hues[0] == pytest.approx(hues[1], abs=0.01)


def test_a_picture_has_the_colours_marks_and_scales_of_the_page(story: type[Story]) -> None:
    """Of the same contenders, in the same order."""
    made = document(story().run())
    (row,) = rows_of([made])
    page = HtmlReporter().render(made)
    data = json.loads(page.partition('id="chart-data">')[2].partition("</script>")[0])
    look = looks(row.backends)
    assert [one.colour for one in look.values()] == data["palette"]["light"]
    assert [one["symbol"] for one in data["contenders"]] == list(SYMBOLS)[: len(look)]
    for chart, name in ((row.throughput, "throughput"), (row.latency, "latency"), (row.frontier, "frontier")):
        assert chart.log == data["charts"][f"r0f0-{name}"]["log"]


def test_an_svg_has_its_letters_as_text(story: type[Story]) -> None:
    """Contenders, batch sizes, axes, model and machine can be searched for and set in another font."""
    found = texts(SvgReporter().render(document(story(imported=("torch",)).run())))
    for word in ("onnx", "torch (imported)", "1", "8", "batch size", "p95 latency (ms)"):
        assert word in found
    assert any(one.startswith("cnn, Test Processor, 4 cores, 2 threads, scope device") for one in found)


def test_an_svg_is_seven_inches_wide_and_loads_nothing(story: type[Story]) -> None:
    """504 points."""
    svg = SvgReporter().render(document(story().run()))
    root = ET.fromstring(svg)
    assert root.get("width") == "504pt"
    linked = [value for one in root.iter() for name, value in one.attrib.items() if name.endswith("href")]
    assert all(value.startswith("#") for value in linked)


def test_the_same_run_gives_the_same_svg_whatever_the_user_has_set(story: type[Story]) -> None:
    """No date, no chance, and no setting of matplotlib's own file; which is left as it was."""
    made = document(story().run())
    first = SvgReporter().render(made)
    with mpl.rc_context({"font.size": 20, "svg.fonttype": "path", "axes.grid": False}):
        assert SvgReporter().render(made) == first
        assert mpl.rcParams["font.size"] == 20
    assert "dc:date" not in first


def test_curves_go_through_the_figures_of_the_run(story: type[Story]) -> None:
    """Drawn again from the row: the lines of the panels hold the very numbers of the document."""
    from matplotlib.figure import Figure

    from infer_compare.report.figure.panels import latency_panel, throughput_panel

    made = document(story().run())
    (row,) = rows_of([made])
    look = looks(row.backends)
    rates, latencies = Figure().subplots(1, 2)
    throughput_panel(rates, row, look)
    latency_panel(latencies, row, look)
    for curve in made.curves:
        figures = [point.figures for point in curve.points if point.figures is not None]
        drawn = next(line for line in rates.lines if line.get_color() == look[curve.contender].colour)
        assert list(drawn.get_ydata()) == [one.throughput for one in figures]
        assert list(drawn.get_xdata()) == [1, 2, 4, 8]
        drawn = next(line for line in latencies.lines if line.get_color() == look[curve.contender].colour)
        assert list(drawn.get_ydata()) == [one.latency_p50_ns / 1e6 for one in figures]
    assert rates.get_xscale() == "log"


def test_several_runs_are_rows_of_panels_under_one_legend(story: type[Story]) -> None:
    """A contender looks the same in all of them and is explained once; runs that would be called alike are told apart."""
    one, other = document(story().run()), document(story(model="mlp").run())
    single, double = (SvgReporter().render_many(runs) for runs in ([one], [one, other]))
    heights = [float((ET.fromstring(svg).get("height") or "").removesuffix("pt")) for svg in (single, double)]
    assert 1.7 < heights[1] / heights[0] < 2.1
    found = texts(double)
    assert found.count("onnx") == 1
    assert any(text.startswith("mlp, ") for text in found)
    assert not any(one.run_id in text for text in found)
    assert sum(row.title.endswith(f"run {one.run_id}") for row in rows_of([one, one, other])) == 2


def test_points_that_did_not_run_are_crosses_that_the_legend_explains(story: type[Story]) -> None:
    """Only where there are any."""
    oom = OutOfMemory(reason="cap", evidence="raised", phase="explore")
    assert "no figures" in texts(SvgReporter().render(document(story(outcomes={("torch", 8): oom}).run())))
    assert "no figures" not in texts(SvgReporter().render(document(story().run())))


def test_a_latency_bound_is_drawn_and_named(story: type[Story]) -> None:
    """On the percentile that it speaks of."""
    found = texts(SvgReporter().render(document(story(plan={"latency_bound_ns": 1_500_000, "percentile": 90.0}).run())))
    assert "latency bound, hollow where not shown to be kept" in found
    assert "p90 latency (ms)" in found


@pytest.fixture(scope="module")
def labelled(story: type[Story]) -> list[str]:
    """The letters of a picture of contenders whose names a drawing library takes for something else."""
    return texts(SvgReporter().render(document(story(curves={name: {1: 0.5, 2: 0.7} for name in LABELS}).run())))


@pytest.mark.parametrize("name", LABELS)
def test_a_label_is_shown_as_it_is(labelled: list[str], name: str) -> None:
    """Neither left out, nor read as a formula, nor as markup; a letter that the font lacks is no warning."""
    assert name in labelled


def test_pixels_can_be_drawn_of_any_label_and_model_name(story: type[Story]) -> None:
    """The same, without a warning."""
    curves = {name: {1: 0.5} for name in LABELS}
    assert PngReporter().render(document(story(curves=curves, model=" ".join(LABELS)).run()))


def test_contenders_of_unequal_precision_have_a_panel_of_output_errors(story: type[Story]) -> None:
    """It makes the picture twice as high; where all compute alike, or no error is known, there is none."""
    int8 = {"onnx": {1: 0.9, 8: 3.6}, "onnx:precision=int8": {1: 0.4, 8: 1.5}}
    error = {"onnx:precision=int8": 0.02, "onnx": 2e-7}
    told: dict[str, dict[str, object]] = {"curves": int8, "precisions": {"onnx:precision=int8": "int8"}}
    pictures = {
        name: SvgReporter().render(document(story(**made).run()))  # type: ignore[arg-type]
        for name, made in {"alike": {}, "unknown": told, "errors": {**told, "errors": error}}.items()
    }
    title = "Throughput (samples/s) by output error; area: memory"
    assert [name for name, picture in pictures.items() if title in texts(picture)] == ["errors"]
    high = {
        name: float(ET.fromstring(picture).get("height", "").removesuffix("pt")) for name, picture in pictures.items()
    }
    assert high["errors"] > 1.8 * high["alike"]
    assert high["unknown"] == pytest.approx(high["alike"])


def test_a_run_without_figures_says_so(story: type[Story]) -> None:
    """A picture all the same, since it may be one of several."""
    made = document(Run.fold([story().header()]))
    assert "nothing was measured" in texts(SvgReporter().render(made))
    assert draw([made, document(story().run())], "png").startswith(b"\x89PNG")


def test_the_frontier_is_what_nothing_beats_in_both() -> None:
    """By latency; the same latency counts once, with the higher throughput."""
    places = [(1.0, 10.0), (2.0, 9.0), (2.0, 30.0), (1.5, 20.0), (3.0, 30.0)]
    assert frontier(places) == [(1.0, 10.0), (1.5, 20.0), (2.0, 30.0)]


@pytest.mark.parametrize(("value", "text"), [(0.05, "0.05"), (20, "20"), (5000, "5k"), (2e6, "2M"), (1500, "1.5k")])
def test_ticks_are_short_numbers(value: float, text: str) -> None:
    """Without exponents."""
    assert short(value) == text
