"""Along what a limit is searched for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.lines import LARGEST_STEP, Line, lines
from infer_compare.request.axes import settings_of

SIZES = st.lists(st.integers(1, 300), min_size=1, max_size=4, unique=True).map(sorted)
AXES = st.dictionaries(st.sampled_from(["height", "seq", "width"]), SIZES, max_size=3)


def settings(axes):
    """What `--axis` asks for."""
    return settings_of([f"{name}={','.join(map(str, sizes))}" for name, sizes in axes.items()])


def test_without_other_axes_the_batch_is_all_there_is():
    """As ever."""
    assert lines(((),)) == (Line(()),)
    assert Line(()).point(8) == OperatingPoint(8)


def test_an_axis_is_searched_at_batch_1_where_the_others_are_shortest():
    """Beside the batch at every setting."""
    found = lines(settings({"height": [32, 64], "width": [48, 96]}))
    assert found[:4] == tuple(Line(setting) for setting in settings({"height": [32, 64], "width": [48, 96]}))
    assert found[4:] == (
        Line((("width", 48),), "height", step=32, first=32),
        Line((("height", 32),), "width", step=16, first=48),
    )
    assert found[4].point(320) == OperatingPoint(1, (("height", 320), ("width", 48)))


def test_a_point_of_another_line_has_no_size():
    """Nor one between two steps."""
    line = Line((("height", 32),), "width", step=16, first=48)
    assert line.size(OperatingPoint(1, (("height", 32), ("width", 64)))) == 64
    assert line.size(OperatingPoint(1, (("height", 32), ("width", 65)))) is None
    assert line.size(OperatingPoint(2, (("height", 32), ("width", 64)))) is None
    assert line.size(OperatingPoint(1, (("height", 64), ("width", 64)))) is None


@given(axes=AXES)
def test_every_size_that_is_asked_for_lies_on_the_line_of_its_axis(axes):
    """At batch 1, with the others as short as they come; steps are powers of two."""
    asked = settings(axes)
    found = lines(asked)
    assert len(found) == len(asked) + len(axes)
    for line in found[len(asked) :]:
        assert line.step in {1, 2, 4, 8, 16, LARGEST_STEP}
        assert line.first == min(axes[line.axis])
        for size in axes[line.axis]:
            assert line.size(line.point(size)) == size
            assert size % line.step == 0
