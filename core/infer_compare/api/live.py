"""Saves models from the user's process to files that workers can load."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.errors import ModelError, UsageError
from infer_compare.models.given import parse_input
from infer_compare.scratch import LOCK, Scratch
from infer_compare.store import FILE, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.interfaces import ModelSource, TensorSpec
    from infer_compare.plugins import BackendEntry, Plugins

LARGEST_BYTES = 1_900_000_000
"""Largest weights, in bytes, that are stored in the ONNX file itself; protobuf limits it to 2 GiB."""


class SavedModel(NamedTuple):
    """A saved model, as it can be named on a command line."""

    text: str
    inputs: tuple[str, ...]
    """The user's descriptions of the inputs, with the names that the inputs have in the file."""


def is_live(model: object) -> bool:
    """Return whether a model is a live object that must be saved first, rather than a name or a path."""
    return model is not None and not isinstance(model, (str, os.PathLike))


def name_of(model: object) -> str:
    """Return the name of a live model in reports: that of its class."""
    return type(model).__name__


def save_model(model: object, inputs: Sequence[str], folder: Path, plugins: Plugins) -> SavedModel:
    """Write a live model into a folder.

    Only backends whose framework this process has already imported are asked: a live model needs its framework.

    Args:
        model: an `onnx.ModelProto`, or a model that an installed backend can save, such as an `nn.Module` or a `keras.Model`.
        inputs: the user's descriptions of its inputs, in the form of `--input`, in the order in which the model takes them.
        folder: where to write.
        plugins: the installed plugins.

    Raises:
        InputError: a description of an input cannot be parsed.
        ModelError: no installed backend can save the model, or its backend says why it cannot.
    """
    given = _specs(inputs)
    if _is_onnx(model):
        return SavedModel(_save_onnx(model, folder), tuple(inputs))
    for entry in sorted(plugins.backends, key=lambda entry: not _is_of(model, entry)):
        if all(module in sys.modules for module in entry.requires):
            saved = _saved_by(entry, model, given, folder)
            if saved is not None:
                return SavedModel(saved.location, _renamed(inputs, saved))
    kind = type(model)
    raise ModelError(
        f"A {kind.__module__}.{kind.__qualname__} is not a model that an installed backend can save; give a name, a path, an "
        "nn.Module, a keras.Model or an onnx.ModelProto."
    )


def _saved_by(entry: BackendEntry, model: object, given: tuple[TensorSpec, ...], folder: Path) -> ModelSource | None:
    """Return the model that a backend saved; None if the object is not a model of its framework.

    Raises:
        ModelError: the backend refuses to save the model, or fails.
    """
    from infer_compare.errors import InferCompareError
    from infer_compare.interfaces import ModelSource
    from infer_compare.plugins import PluginFailed, guarded

    try:
        with guarded(f"saving the model with {entry.name}", passing=(InferCompareError,)):
            saved = entry.backend.save(model, given, folder)
    except PluginFailed as failure:
        raise ModelError(f"The backend {entry.name!r} cannot save the model: {failure}.") from failure
    if saved is not None and not isinstance(saved, ModelSource):
        raise ModelError(f"The backend {entry.name!r} cannot save the model: it returned {type(saved).__name__}.")
    return saved


@contextlib.contextmanager
def saved_in(place: Path, model: object, inputs: Sequence[str], plugins: Plugins) -> Iterator[SavedModel]:
    """Write a live model into a run folder, and remove it again if no run begins there.

    Files that are already in the folder are neither overwritten nor removed.

    Args:
        place: the run folder; it is created if missing.
        model: see `save_model`.
        inputs: see `save_model`.
        plugins: what is installed.

    Raises:
        UsageError: the folder already has a file of the model's name.
        ModelError: see `save_model`.
        StoreError: the folder holds a run, or cannot be made or written.
    """
    made = make_folder(place)
    moved: list[Path] = []
    try:
        with Scratch(place) as work:
            saved = save_model(model, inputs, work, plugins)
            for path in sorted(path for path in work.iterdir() if path.name != LOCK):
                moved.append(_moved(path, place / path.name))  # noqa: PERF401 - what was moved counts where a later one fails
        written = Path(saved.text).absolute()
        inside = written.is_relative_to(work.absolute())
        text = str(place / written.relative_to(work.absolute())) if inside else saved.text
        yield saved._replace(text=text)
    except BaseException:
        if not (place / FILE).exists():
            _take_back(moved, made)
        raise


def _moved(path: Path, target: Path) -> Path:
    if os.path.lexists(target):
        raise UsageError(f"{target} exists already; choose another run folder, or move the file away.")
    return path.rename(target)


def _take_back(files: Sequence[Path], folders: Sequence[Path]) -> None:
    for path in files:
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _is_of(model: object, entry: BackendEntry) -> bool:
    """Return whether one of the object's classes comes from a backend's framework."""
    packages = {cls.__module__.partition(".")[0] for cls in type(model).__mro__}
    return bool(packages & set(entry.requires))


def _specs(inputs: Sequence[str]) -> tuple[TensorSpec, ...]:
    """Return the described inputs if each has a dtype and a shape, else nothing."""
    from infer_compare.interfaces import TensorSpec

    given = [parse_input(text) for text in inputs]
    full = [(spec.name, spec.dtype, spec.shape) for spec in given if spec.dtype is not None and spec.shape is not None]
    return tuple(TensorSpec(*parts) for parts in full) if len(full) == len(given) else ()


def _renamed(inputs: Sequence[str], saved: ModelSource) -> tuple[str, ...]:
    """Return the descriptions of the inputs, each with the name that the file has for the input at its position."""
    if len(saved.inputs) != len(inputs):
        return tuple(inputs)
    return tuple(
        f"{own.name}{text.strip().removeprefix(parse_input(text).name)}"
        for text, own in zip(inputs, saved.inputs, strict=True)
    )


def _is_onnx(model: object) -> bool:
    kind = type(model)
    return kind.__name__ == "ModelProto" and kind.__module__.partition(".")[0] == "onnx"


def _save_onnx(model: object, folder: Path) -> str:
    import onnx

    assert isinstance(model, onnx.ModelProto)
    path = folder / "model.onnx"
    if model.ByteSize() <= LARGEST_BYTES:
        path.write_bytes(model.SerializeToString())
    else:
        # onnx.save with external data removes the weights from the object itself: save a copy.
        copied = onnx.ModelProto()
        copied.CopyFrom(model)
        onnx.save_model(copied, path, save_as_external_data=True, location="model.onnx.data")
    return str(path)
