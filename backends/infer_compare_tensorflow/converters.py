"""Converters from TensorFlow's formats to ONNX, and from ONNX to a SavedModel. TensorFlow is imported when one is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.backends import Converter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.backends import ModelSource

NATIVE = ("keras", "savedmodel")
"""Formats that are TensorFlow's own."""

BACKEND = "tensorflow"
INSTALL_HINT = "pip install 'infer-compare[tensorflow]'"

ONNX_OPSET = 18
"""The opset of exported models: the newest that tf2onnx writes; all backends that read ONNX support it."""


def converters() -> Sequence[Converter]:
    """Return what the plugin registers."""
    return [
        Converter(
            source="onnx",
            target="savedmodel",
            convert=_to_saved_model,
            backend=BACKEND,
            requires=("tensorflow",),
            install_hint=INSTALL_HINT,
            imports=True,
        ),
        *_exports(),
    ]


def _exports() -> Sequence[Converter]:
    return [
        Converter(
            source=source,
            target="onnx",
            convert=_to_onnx,
            backend=BACKEND,
            requires=("tensorflow", "tf2onnx"),
            install_hint="pip install 'infer-compare[keras-to-onnx]'",
            options={"opset": str(ONNX_OPSET)},
        )
        for source in NATIVE
    ]


def _to_onnx(model: ModelSource, target: Path) -> None:
    from infer_compare_tensorflow.export import to_onnx

    to_onnx(model, target, ONNX_OPSET)


def _to_saved_model(model: ModelSource, target: Path) -> None:
    from infer_compare_tensorflow.imported_saving import to_saved_model

    to_saved_model(model, target)
