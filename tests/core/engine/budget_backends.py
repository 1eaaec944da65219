"""Backends that use the processor in other ways than their thread budget allows; loaded by this file."""

from __future__ import annotations

from typing import ClassVar

from infer_compare.interfaces import Capabilities
from infer_compare.testing.fake import FakeBackend


class AheadOnTheHost(FakeBackend):
    """Says that the processor works on its own, as a library does that computes in the background."""

    capabilities: ClassVar[Capabilities] = Capabilities(formats=("onnx",), asynchronous=("cpu",))
