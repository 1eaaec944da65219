"""Data sets that are files of another program, damaged, or lie about themselves are refused in one sentence."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infer_compare.errors import InputError
from infer_compare.interfaces import TensorSpec
from infer_compare.models.dataset import read_dataset
from infer_compare.models.fills import FromFile

SPEC = TensorSpec("x", "float32", ("batch", 4))


def npy(array) -> bytes:
    """The content of a `.npy` file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def archive(**members: bytes) -> bytes:
    """A zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


def encrypted(content: bytes) -> bytes:
    """The archive with the bit set that says that its members need a password."""
    data = bytearray(content)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


ROWS = npy(np.zeros((3, 4), np.float32))
HEADER = b"\x93NUMPY\x01\x00"


def lying(text: str) -> bytes:
    """A `.npy` file with a header of its own and hardly any content."""
    header = text.encode() + b"\n"
    return HEADER + len(header).to_bytes(2, "little") + header + b"\0" * 16


CASES = {
    "weights.pt": archive(archive__data_pkl=b"\x80\x02}", archive__version=b"3"),
    "weights.npz": archive(archive__data_pkl=b"\x80\x02}", archive__version=b"3"),
    "table.xlsx": archive(xl__workbook_xml=b"<a/>"),
    "text.docx": archive(word__document_xml=b"<a/>"),
    "objects.npz": archive(x_npy=npy(np.array([{}, []], object))),
    "objects.npy": npy(np.array([{}, []], object)),
    "records.npy": npy(np.zeros(3, [("a", "f4"), ("b", "i4")])),
    "texts.npy": npy(np.array(["a", "b"])),
    "dates.npy": npy(np.array(["2020-01-01"], "M8[D]")),
    "scalar.npy": npy(np.float32(1)),
    "nothing.npy": npy(np.zeros((0, 4), np.float32)),
    "locked.npz": encrypted(archive(x_npy=ROWS)),
    "cut.npz": archive(x_npy=ROWS)[:60],
    "cut.npy": ROWS[:100],
    "single.npz": ROWS,
    "empty.npz": b"",
    "empty.npy": b"",
    "huge.npy": lying("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}"),
    "huge.npz": archive(x_npy=lying("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 4)}")),
    "negative.npy": lying("{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 4)}"),
    "deep.npy": lying("{'descr': '<f4', 'shape': " + "(" * 3000 + ")" * 3000 + "}"),
    "nonsense.npy": lying("}{"),
    "none.npy": lying("{'descr': None, 'fortran_order': False, 'shape': (1, 4)}"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_is_no_data_set_is_refused_in_one_sentence(tmp_path, name):
    """As `--data`, and as the file of an input."""
    path = tmp_path / name
    path.write_bytes(CASES[name])
    with pytest.raises(InputError) as refused:
        read_dataset(str(path), path, [SPEC], tmp_path / "made")
    assert str(refused.value).count("\n") == 0
    if name not in {"scalar.npy", "nothing.npy", "single.npz", "records.npy", "texts.npy", "dates.npy"}:
        with pytest.raises(InputError):
            FromFile(path).read("x")


def test_labels_that_are_texts_are_left_out(tmp_path):
    """Only the arrays of inputs need to be numbers."""
    path = tmp_path / "rows.npz"
    path.write_bytes(archive(x_npy=ROWS, names_npy=npy(np.array(["a", "b", "c"]))))
    found = read_dataset(str(path), path, [SPEC], tmp_path / "made")
    assert (found.rows, found.warnings) == (3, (f"{path}: left out names",))


def test_an_archive_of_arrays_with_other_files_in_it_is_read(tmp_path):
    """The arrays alone."""
    path = tmp_path / "rows.npz"
    path.write_bytes(archive(x_npy=ROWS, readme_txt=b"hello"))
    assert read_dataset(str(path), path, [SPEC], tmp_path / "made").rows == 3
    assert FromFile(path).read("x").shape == (3, 4)


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["rows.npz", "rows.npy"]),
    place=st.integers(0, 400),
    byte=st.integers(0, 255),
    cut=st.integers(0, 400),
)
def test_a_damaged_file_is_read_or_refused(tmp_path, name, place, byte, cut):
    """A byte changed and the end missing."""
    content = bytearray(archive(x_npy=ROWS) if name.endswith("z") else ROWS)
    content[place % len(content)] = byte
    for data in (content, content[: cut % len(content)]):
        path = tmp_path / name
        path.write_bytes(bytes(data))
        try:
            read_dataset(str(path), path, [SPEC], tmp_path / "made")
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017 - both ways are right
