"""A backend whose process grows by some megabytes once, after many sessions, as an allocator does; loaded by this file."""

# ruff: noqa: D101

from __future__ import annotations

from typing import Any, ClassVar

from infer_compare.planted.wrapped import WrappedSession
from infer_compare_reference import ReferenceBackend

KEPT: list[bytes] = []
CLOSED: list[int] = []


class SteppingSession(WrappedSession):
    def close(self) -> None:
        CLOSED.append(1)
        if len(CLOSED) == 14:
            KEPT.append(b"\1" * (24 * 2**20))
        super().close()


class Stepping(ReferenceBackend):
    name: ClassVar[str] = "stepping"

    def to_device(self, loaded: Any, device: Any) -> Any:
        return SteppingSession(super().to_device(loaded, device))
