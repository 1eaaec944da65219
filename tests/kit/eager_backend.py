"""A backend whose module imports what it requires as soon as it is looked at; loaded by its file."""

from __future__ import annotations

import wave
from typing import ClassVar

from infer_compare.backends import Capabilities
from infer_compare_reference import ReferenceBackend

__all__ = ["Eager", "wave"]


class Eager(ReferenceBackend):
    """The standard library's `wave` stands for a framework."""

    name: ClassVar[str] = "eager"
    requires: ClassVar[tuple[str, ...]] = ("wave",)
    capabilities: ClassVar[Capabilities] = Capabilities(imports=("onnx",))
