"""Backends that fail in a step in a way that is no ordinary error; loaded by their file."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

from fault_injection.fake import FakeBackend, FakeSession

if TYPE_CHECKING:
    from fault_injection.fake import FakeSlot
    from infer_compare.interfaces import Classification, Device


class _Running(FakeBackend):
    """Makes sessions that call the method `act` of its class instead of running."""

    def to_device(self, loaded: Any, device: Device) -> FakeSession:
        session = super().to_device(loaded, device)
        session.run = self.act  # type: ignore[method-assign]
        return session

    def act(self, staged: FakeSlot) -> None:
        raise NotImplementedError


class Exiting(_Running):
    """Ends the interpreter, as it thinks."""

    name: ClassVar[str] = "exiting"

    def act(self, staged: FakeSlot) -> None:
        raise SystemExit("\x1b[31mI leave")


class Mute(Exception):
    """Has no text, and no traceback either."""

    def __str__(self) -> str:
        raise SystemExit

    __repr__ = __str__


class Muttering(_Running):
    """Raises what cannot be shown."""

    name: ClassVar[str] = "muttering"

    def act(self, staged: FakeSlot) -> None:
        raise Mute


class Unclassified(_Running):
    """Raises again when it is asked what it raised."""

    name: ClassVar[str] = "unclassified"

    def act(self, staged: FakeSlot) -> None:
        raise GeneratorExit("out of it")

    def classify(self, error: BaseException) -> Classification:
        raise KeyboardInterrupt


class Mistaken(FakeBackend):
    """Tells its version as a number."""

    name: ClassVar[str] = "mistaken"

    def version(self) -> str:
        return 5  # type: ignore[return-value]


class Chatting(_Running):
    """Works, prints, and leaves a thread that never ends."""

    name: ClassVar[str] = "chatting"

    def version(self) -> str:
        threading.Thread(target=time.sleep, args=(3600,), daemon=False).start()
        return super().version()

    def to_device(self, loaded: Any, device: Device) -> FakeSession:
        print("noise")  # noqa: T201 - that is what it does wrong
        os.write(1, b"noise")
        return FakeBackend.to_device(self, loaded, device)
