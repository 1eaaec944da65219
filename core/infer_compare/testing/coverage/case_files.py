"""Stores cases as files, for other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.testing.coverage.case import Case, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.interfaces.backend import Array

MODEL, WORDS, INPUTS, OUTPUTS = "model.onnx", "case.json", "inputs.npz", "outputs.npz"


class _Words(msgspec.Struct, frozen=True):
    """The parts of a case that are not arrays."""

    name: str
    about: str
    kind: Kind
    rtol: float
    atol: float


def write_case(case: Case, folder: Path) -> None:
    """Write a numeric case to a new folder."""
    folder.mkdir()
    words = _Words(case.name, case.about, case.kind, case.rtol, case.atol)
    (folder / WORDS).write_bytes(msgspec.json.encode(words))
    (folder / MODEL).write_bytes(case.model.SerializeToString())
    _write(case.inputs, folder / INPUTS)
    if case.outputs:
        write_outputs(case.outputs, folder)


def write_outputs(outputs: Sequence[Array], folder: Path) -> None:
    """Write the correct outputs of the case in a folder."""
    _write(outputs, folder / OUTPUTS)


def read_case(folder: Path) -> Case:
    """Return the case in a folder."""
    import onnx

    words = msgspec.json.decode((folder / WORDS).read_bytes(), type=_Words)
    model = onnx.load_model(str(folder / MODEL))
    outputs = _read(folder / OUTPUTS) if (folder / OUTPUTS).exists() else []
    return Case(words.name, words.about, words.kind, model, _read(folder / INPUTS), outputs, words.rtol, words.atol)


def _write(arrays: Sequence[Array], path: Path) -> None:
    import numpy as np

    np.savez(path, *arrays)


def _read(path: Path) -> list[Array]:
    import numpy as np

    with np.load(path) as arrays:
        return [arrays[f"arr_{index}"] for index in range(len(arrays.files))]
