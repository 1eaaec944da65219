"""Backends that use the processor in other ways than their thread budget allows; loaded by this file."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

from fault_injection.fake import FakeBackend, FakeSession, FakeSlot
from infer_compare.interfaces import Capabilities

if TYPE_CHECKING:
    from infer_compare.interfaces import Device, TensorSpec


class AheadOnTheHost(FakeBackend):
    """Says that the processor works on its own, as a library does that computes in the background."""

    name: ClassVar[str] = "ahead"
    capabilities: ClassVar[Capabilities] = Capabilities(formats=("onnx",), asynchronous=("cpu",))


class SecondCore(FakeBackend):
    """Computes on a thread of its own beside the one that is budgeted."""

    name: ClassVar[str] = "second_core"

    def to_device(self, loaded: tuple[TensorSpec, ...], device: Device) -> FakeSession:
        """Return a session that burns two cores."""
        return BurningSession(self, loaded, device)


class BurningSession(FakeSession):
    """Hashes on two threads at a time."""

    def run(self, staged: FakeSlot) -> None:
        """Burns two cores for as long as hashing takes."""
        helper = POOL.submit(_burn)
        _burn()
        helper.result()
        super().run(staged)


POOL = ThreadPoolExecutor(1)
BLOCK = bytes(2**22)


def _burn() -> None:
    hashlib.sha256(BLOCK).digest()
