"""The names of the files that hold arrays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.models.array_names import array_name

SIZE = st.integers(1, 2**22)
POINT = st.builds(lambda batch, seq: OperatingPoint(batch, (("seq", seq),)), SIZE, SIZE)
OUTPUT = st.tuples(POINT, st.integers(0, 9), st.integers(0, 99), st.booleans())


@given(one=OUTPUT, other=OUTPUT)
def test_two_outputs_of_a_run_never_share_a_file(one, other):
    """Whatever axis, row, place or call tells them apart."""
    names = [array_name(index, point, first_row=row, again=again) for point, row, index, again in (one, other)]
    assert (names[0] == names[1]) == (one == other)


@given(output=OUTPUT)
def test_the_name_of_an_output_is_that_of_a_file_in_the_folder_and_of_no_input(output):
    """Axes are the user's words; a name has their sizes alone."""
    point, row, index, again = output
    name = array_name(index, point, first_row=row, again=again)
    assert set(name.removesuffix(".npy")) <= set("0123456789-x") | set("again")
    assert name != array_name(index)
