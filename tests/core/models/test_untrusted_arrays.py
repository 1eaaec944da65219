"""`.npy` files of a process that is not trusted: read whole, or refused in a clause."""

from __future__ import annotations

import os
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.errors import InputError
from infer_compare.interfaces import TensorSpec
from infer_compare.models.arrays import BrokenArray, MissingArray, read_array, read_header
from infer_compare.models.dataset import read_dataset

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A file that is written again and again."""
    return tmp_path_factory.mktemp("arrays") / "a.npy"


def with_header(path, **header) -> None:
    """Writes a header as numpy does, and twelve numbers."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (3, 4), **header})
        file.write(ARRAY.tobytes())


@pytest.mark.parametrize(
    "array",
    [ARRAY, np.asfortranarray(ARRAY), ARRAY[:0], np.float64(3.0), ARRAY.astype(">i8"), ARRAY > 3, ARRAY.view("V2")],
    ids=["plain", "columns first", "empty", "scalar", "big end first", "truths", "raw bytes"],
)
def test_a_whole_array_is_read_as_numpy_does(place, array) -> None:
    """In its own shape, dtype and order."""
    place.unlink(missing_ok=True)
    np.save(place, array)
    np.testing.assert_array_equal(read_array(place, read_header(place)), np.load(place))


@pytest.mark.parametrize(
    ("shape", "descr", "why"),
    [
        ((1 << 60, 4), "<f4", "it is incomplete"),
        ((3, 5), "<f4", "it is incomplete"),
        ((3, 3), "<f4", "it holds more data than its header says"),
        ((-3, -4), "<f4", "its shape is not valid"),
        ((1,) * 33, "<f4", "its shape is not valid"),
        ((3, 4), "|O", "it holds object, not numbers"),
        ((3,), "<U4", "it holds <U4, not numbers"),
        ((3, 4), [("a", "<f4")], "not numbers"),
        ((3, 4), "<M8[s]", "not numbers"),
        ((1 << 62,), "|V0", "it holds more data than its header says"),
    ],
)
def test_a_header_that_is_not_true_is_refused_without_reading(place, shape, descr, why) -> None:
    """And without taking memory for what it promises."""
    with_header(place, shape=shape, descr=descr)
    tracemalloc.start()
    try:
        with pytest.raises(BrokenArray, match=why):
            read_header(place)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_what_is_no_array_is_refused(tmp_path) -> None:
    """Nothing is unpickled, followed or waited for."""
    names = ("empty", "pickle", "pipe", "link", "folder")
    paths = {name: tmp_path / name for name in names}
    paths["empty"].touch()
    paths["pickle"].write_bytes(pickle.dumps(ARRAY))
    os.mkfifo(paths["pipe"])
    np.save(tmp_path / "real.npy", ARRAY)
    paths["link"].symlink_to(tmp_path / "real.npy")
    paths["folder"].mkdir()
    reasons = {"empty": "it is empty", "pickle": "not a .npy file", "pipe": "a named pipe", "link": "a symbolic link"}
    for name, path in paths.items():
        with pytest.raises(BrokenArray, match=reasons.get(name, "a folder")):
            read_header(path)
    with pytest.raises(MissingArray, match="it is missing"):
        read_header(tmp_path / "nowhere")


def test_a_file_that_changes_between_two_looks_is_refused(place) -> None:
    """What was looked at is what is read."""
    with_header(place)
    header = read_header(place)
    with_header(place, shape=(4, 3))
    with pytest.raises(BrokenArray, match="it was changed during the run"):
        read_array(place, header)


@settings(deadline=None, max_examples=150)
@given(
    cut=st.none() | st.integers(0, 176),
    changes=st.lists(st.tuples(st.integers(0, 175), st.integers(0, 255)), max_size=3),
)
def test_a_file_with_other_bytes_is_an_array_of_its_own_size_or_refused(place, cut, changes) -> None:
    """Never another error."""
    with_header(place)
    data = bytearray(place.read_bytes())
    assert len(data) == 176
    for at, byte in changes:
        data[at] = byte
    place.write_bytes(data[:cut])
    try:
        header = read_header(place)
        array = read_array(place, header)
    except BrokenArray:
        return
    assert array.nbytes == header.size == len(data) - header.start


def test_data_that_a_function_made_is_looked_at_before_it_is_mapped(tmp_path) -> None:
    """A pipe in the place of an array is not waited for, and a header is not believed."""
    for number, spoiled in enumerate((os.mkfifo, lambda path: with_header(path, shape=(1 << 60, 4)))):
        folder = tmp_path / str(number)
        folder.mkdir()
        spoiled(folder / "x.npy")
        with pytest.raises(InputError, match="cannot be read"):
            read_dataset("data", folder, [TensorSpec("x", "float32", ("batch", 4))], tmp_path / "made")
