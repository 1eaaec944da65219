"""A backend that keeps what other batch sizes made it take, as memory allocators do; loaded by this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fault_injection.fake import FakeBackend, FakeSession, FakeSlot

if TYPE_CHECKING:
    from infer_compare.interfaces import Device, TensorSpec

ALONE_MS = {1: 2.0, 2: 3.0, 4: 4.0, 8: 12.0}
"""Milliseconds of a call by batch size, in a process that has run no other size."""
AFTER_OTHERS = 0.5
"""What of that a call takes after another size."""


class RetainingSession(FakeSession):
    """Is fast only once it has run several sizes."""

    def run(self, staged: FakeSlot) -> None:
        """Spins for as long as the size takes."""
        seen = self.__dict__.setdefault("seen", set())
        seen.add(staged.size)
        takes_ms = ALONE_MS[staged.size] * (AFTER_OTHERS if len(seen) > 1 else 1.0)
        self._time.wait_until(self._time.now_ns() + round(takes_ms * 1e6))


class Retaining(FakeBackend):
    """See the session."""

    name: ClassVar[str] = "retaining"

    def to_device(self, loaded: tuple[TensorSpec, ...], device: Device) -> FakeSession:
        """Return a session that retains."""
        return RetainingSession(self, loaded, device)
