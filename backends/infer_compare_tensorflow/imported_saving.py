"""ONNX models written as SavedModels, rebuilt with TensorFlow's operators by the importer."""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare_tensorflow.importer import Target, import_onnx
from infer_compare_tensorflow.writing import save_graph

if TYPE_CHECKING:
    from infer_compare.backends import ModelSource


def to_saved_model(model: ModelSource, target: Path) -> None:
    """Write a model as a SavedModel, with a free batch axis and the names of its inputs where TensorFlow takes these.

    Args:
        model: of the format `onnx`.
        target: the folder to write.

    Raises:
        UnsupportedModel: an operator has no import.
        ModelError: the model cannot be read or saved.
    """
    # Writing needs no accelerator, and TensorFlow would reserve all memory of one that it sees.
    with contextlib.suppress(RuntimeError):
        tf.config.set_visible_devices([], "GPU")
    program = import_onnx(model.path, model.inputs)
    with TemporaryDirectory(dir=target.parent) as folder:
        save_graph(program.tracer(Target(portable=True)), None, program.inputs, Path(folder)).rename(target)
