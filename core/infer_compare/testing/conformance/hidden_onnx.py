"""Hides the package `onnx` from all code but that of frameworks, to see whether the framework itself reads a model."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import FrameType, ModuleType

ONNX = "onnx"


class HiddenOnnx(MetaPathFinder):
    """An import finder that hides `onnx` except from some packages; for a process that has not imported it."""

    def __init__(self, frameworks: Iterable[str]) -> None:
        """Store the top-level modules of the frameworks."""
        self._frameworks = {*frameworks} - {ONNX}
        self.importer = ""
        """The module that was refused the import; empty if there was none."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002 - what the import system hands over
        target: ModuleType | None = None,  # noqa: ARG002 - as above
    ) -> ModuleSpec | None:
        """Refuse `onnx`, and leave everything else to other finders.

        Raises:
            ModuleNotFoundError: code outside of the frameworks imports `onnx`.
        """
        if name.partition(".")[0] != ONNX:
            return None
        importer = _importer()
        if importer.partition(".")[0] in {*self._frameworks, ONNX}:
            return None
        self.importer = importer
        raise ModuleNotFoundError(f"No module named {ONNX!r}", name=ONNX)


def _importer() -> str:
    """Return the name of the module whose code is running the current import."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the only way to ask
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in {"importlib", "_frozen_importlib"}:
            return module
        frame = frame.f_back
    return ""
