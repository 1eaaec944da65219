"""The package `onnx`, hidden from all code but that of the frameworks: what then still reads a model is a framework."""

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
    """Finds no `onnx`, except for code of some packages; for `sys.meta_path` of a process that has not imported it."""

    def __init__(self, frameworks: Iterable[str]) -> None:
        """Keep the top-level modules of the frameworks."""
        self._frameworks = {*frameworks} - {ONNX}
        self.importer = ""
        """The module that asked for it and did not get it; empty where none did."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002 - what the import system hands over
        target: ModuleType | None = None,  # noqa: ARG002 - as above
    ) -> ModuleSpec | None:
        """Refuse `onnx`, and leave everything else to other finders.

        Raises:
            ModuleNotFoundError: it is asked for by code that is none of a framework's.
        """
        if name.partition(".")[0] != ONNX:
            return None
        importer = _importer()
        if importer.partition(".")[0] in {*self._frameworks, ONNX}:
            return None
        self.importer = importer
        raise ModuleNotFoundError(f"No module named {ONNX!r}", name=ONNX)


def _importer() -> str:
    """Return the name of the module whose code imports something just now."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the only way to ask
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in {"importlib", "_frozen_importlib"}:
            return module
        frame = frame.f_back
    return ""
