"""Backends that hold memory in other ways than a model does; loaded by this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fault_injection.fake import FakeBackend, FakeSession, FakeSlot

if TYPE_CHECKING:
    from infer_compare.interfaces import Device, OperatingPoint, TensorSpec

KEPT: list[bytes] = []
LEAK = 128 * 1024
"""Bytes that a call keeps."""
BUILDING = 96 * 2**20
"""Bytes that preparing a batch size takes for a moment."""


class LeakingSession(FakeSession):
    """Keeps something of every call."""

    def run(self, staged: FakeSlot) -> None:
        """Keeps as many bytes as `LEAK`."""
        KEPT.append(b"\1" * LEAK)
        super().run(staged)


class Leaking(FakeBackend):
    """See the session."""

    name: ClassVar[str] = "leaking"

    def to_device(self, loaded: tuple[TensorSpec, ...], device: Device) -> FakeSession:
        """Return a session that leaks."""
        return LeakingSession(self, loaded, device)


class BuildingSession(FakeSession):
    """Needs much memory before the first call, and none afterwards."""

    def prepare(self, point: OperatingPoint) -> None:
        """Takes memory and gives it back."""
        held = b"\1" * BUILDING
        super().prepare(point)
        del held


class Building(FakeBackend):
    """See the session."""

    name: ClassVar[str] = "building"

    def to_device(self, loaded: tuple[TensorSpec, ...], device: Device) -> FakeSession:
        """Return a session that builds."""
        return BuildingSession(self, loaded, device)
