"""Data sets that stand for a model's inputs."""

from __future__ import annotations

import numpy as np
import pytest

from infer_compare.backends import TensorSpec
from infer_compare.environment import memory
from infer_compare.errors import InputError
from infer_compare.models.collected_data import collect
from infer_compare.models.dataset import is_callable, read_dataset

IMAGE = (TensorSpec("image", "float32", ("batch", 3, 4)),)
TOKENS = (TensorSpec("ids", "int32", ("batch", 5)), TensorSpec("mask", "int32", ("batch", 5)))


def read(place, specs, tmp_path):
    """The data set, and its arrays as workers map them."""
    found = read_dataset(str(place), place, specs, tmp_path / "made")
    return found, [np.load(path, mmap_mode="r") for path in found.paths]


def test_an_archive_gives_the_input_of_its_name_and_labels_are_left_out(tmp_path) -> None:
    """What was left out is said."""
    images = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.savez(tmp_path / "d.npz", image=images, label=np.arange(2))
    found, (array,) = read(tmp_path / "d.npz", IMAGE, tmp_path)
    assert found.rows == 2
    assert (array == images).all()
    assert "left out label" in found.warnings[0]


def test_for_one_input_the_only_array_that_fits_will_do(tmp_path) -> None:
    """Whatever it is called."""
    np.savez(tmp_path / "d.npz", x=np.zeros((5, 3, 4), np.float32), y=np.zeros(5))
    found, _ = read(tmp_path / "d.npz", IMAGE, tmp_path)
    assert found.rows == 5


def test_a_folder_holds_one_file_an_input_or_one_a_sample(tmp_path) -> None:
    """By their names, or in the order of their names."""
    inputs, samples = tmp_path / "inputs", tmp_path / "samples"
    for folder in (inputs, samples):
        folder.mkdir()
    for name in ("ids", "mask"):
        np.save(inputs / f"{name}.npy", np.ones((6, 5), np.int32))
    for index in range(3):
        np.save(samples / f"{index}.npy", np.full((3, 4), index, np.float32))
    assert read(inputs, TOKENS, tmp_path)[0].rows == 6
    _, (array,) = read(samples, IMAGE, tmp_path)
    assert [row[0, 0] for row in array] == [0, 1, 2]


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64", "float16"])
def test_numbers_are_cast_to_floats_and_that_is_said(tmp_path, dtype) -> None:
    """Images are often kept as bytes."""
    np.savez(tmp_path / "d.npz", image=np.ones((2, 3, 4), dtype))
    found, (array,) = read(tmp_path / "d.npz", IMAGE, tmp_path)
    assert array.dtype == np.float32
    assert found.warnings == (f"{tmp_path / 'd.npz'}: 'image' is cast from {dtype} to float32",)


@pytest.mark.parametrize(
    ("arrays", "specs", "says"),
    [
        ({"image": np.zeros((2, 3, 5), np.float32)}, IMAGE, r"takes the input 'image' as \[batch,3,4\]"),
        ({"image": np.zeros((0, 3, 4), np.float32)}, IMAGE, "no rows"),
        ({"ids": np.zeros((2, 5), np.float32), "mask": np.zeros((2, 5), np.int32)}, TOKENS, "convert it first"),
        ({"ids": np.full((2, 5), 2**40), "mask": np.zeros((2, 5), np.int32)}, TOKENS, "int32 cannot hold"),
        ({"ids": np.zeros((2, 5), np.int32)}, TOKENS, "no array for the input 'mask'"),
        ({"ids": np.zeros((2, 5), np.int32), "mask": np.zeros((3, 5), np.int32)}, TOKENS, "2 and 3 rows"),
        ({}, IMAGE, "holds no arrays"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(tmp_path, arrays, specs, says) -> None:
    """Shape, length, dtype, range, names."""
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(InputError, match=says):
        read(tmp_path / "d.npz", specs, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"hello"])
def test_a_file_that_is_none_is_refused(tmp_path, content) -> None:
    """Empty, torn, or something else; and one that is missing."""
    (tmp_path / "d.npz").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "d.npz", IMAGE, tmp_path)
    with pytest.raises(InputError, match="There is no data set"):
        read(tmp_path / "missing.npz", IMAGE, tmp_path)


def test_an_archive_with_pickles_is_not_opened(tmp_path) -> None:
    """Reading data runs no code."""
    np.savez(tmp_path / "d.npz", image=np.array([{"a": 1}], dtype=object))
    (tmp_path / "junk.npz").write_text("no archive\n")
    for name in ("d.npz", "junk.npz"):
        with pytest.raises(InputError, match=r"cannot be read \(it holds no arrays of numbers\)"):
            read(tmp_path / name, IMAGE, tmp_path)


def test_a_function_may_make_the_data(monkeypatch, tmp_path) -> None:
    """An array, or arrays by name."""
    monkeypatch.chdir(tmp_path)
    code = "import numpy as np\ndef load():\n    return {'ids': np.ones((4, 5), 'int32'), 'mask': np.ones((4, 5), 'int32')}\n"
    (tmp_path / "data_maker.py").write_text(code)
    made = tmp_path / "collected"
    made.mkdir()
    assert is_callable("data_maker.py:load")
    assert not is_callable("d.npz")
    collect("data_maker.py:load", made)
    assert read(made, TOKENS, tmp_path)[0].rows == 4
    (tmp_path / "data_wrong.py").write_text("def load():\n    return 'text'\n")
    with pytest.raises(InputError, match="arrays of numbers"):
        collect("data_wrong.py:load", made)


def test_an_archive_that_does_not_fit_into_memory_is_refused_before_it_is_read(tmp_path, monkeypatch) -> None:
    """The sizes of its arrays are in the archive's own list; `.npy` files are mapped instead."""
    np.savez_compressed(tmp_path / "d.npz", image=np.zeros((1000, 3, 4), np.float32))
    monkeypatch.setattr(memory, "own_share", lambda: 40_000)
    with pytest.raises(InputError, match=r"d\.npz takes about .* save its arrays as \.npy files"):
        read(tmp_path / "d.npz", IMAGE, tmp_path)
    np.save(tmp_path / "d.npy", np.zeros((1000, 3, 4), np.float32))
    assert read(tmp_path / "d.npy", IMAGE, tmp_path)[0].rows == 1000


def test_samples_that_do_not_fit_into_memory_together_are_refused(tmp_path, monkeypatch) -> None:
    """One file a sample."""
    folder = tmp_path / "samples"
    folder.mkdir()
    for index in range(4):
        np.save(folder / f"{index}.npy", np.zeros((3, 4), np.float32))
    monkeypatch.setattr(memory, "own_share", lambda: 100)
    with pytest.raises(InputError, match=r"put its samples into one \.npy file"):
        read(folder, IMAGE, tmp_path)


def test_a_data_set_for_which_the_disk_has_no_room_is_refused_before_it_is_written(tmp_path, monkeypatch) -> None:
    """It is cast or unpacked into the run's folder."""
    np.savez(tmp_path / "d.npz", image=np.zeros((10, 3, 4), np.float32))
    monkeypatch.setattr("infer_compare.models.dataset.room", lambda _folder: 400)
    with pytest.raises(InputError, match="another disk with -o"):
        read(tmp_path / "d.npz", IMAGE, tmp_path)
    assert not list((tmp_path / "made").iterdir())
