"""Backends that do to their worker what the options of the fake do not cover; loaded by their file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, ClassVar

from fault_injection.fake import FakeBackend, FakeSession
from fault_injection.replies import replies
from infer_compare.worker.protocol import Done, frame

if TYPE_CHECKING:
    from fault_injection.fake import FakeSlot
    from infer_compare.interfaces import Device, ModelSource, TensorSpec

Specs = tuple["TensorSpec", ...]


class _Running(FakeBackend):
    """Makes sessions whose `run` is the method `act` of its class."""

    def to_device(self, loaded: Specs, device: Device) -> FakeSession:
        session = super().to_device(loaded, device)
        session.run = self.act  # type: ignore[method-assign]
        return session

    def act(self, staged: FakeSlot) -> None:
        raise NotImplementedError


class Stubborn(FakeBackend):
    """Hears neither SIGINT nor SIGTERM, and never finishes loading."""

    name: ClassVar[str] = "stubborn"

    def version(self) -> str:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return super().version()

    def load(self, model: ModelSource) -> Specs:
        while True:
            time.sleep(3600)


class Flooding(_Running):
    """Writes to standard error for ever, with a helper, faster than it is read."""

    name: ClassVar[str] = "flooding"

    def version(self) -> str:
        os.write(2, b"a flood comes\n")
        return super().version()

    def act(self, staged: FakeSlot) -> None:
        os.fork()
        while True:
            os.write(2, b"flood\n" * 8000)


class Parenting(FakeBackend):
    """Has a helper process, and tells its number."""

    name: ClassVar[str] = "parenting"

    def load(self, model: ModelSource) -> Specs:
        helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        sys.stderr.write(f"helper {helper.pid}\n")
        sys.stderr.flush()
        return super().load(model)


class Leaving(_Running):
    """Ends its process without a word to Python."""

    name: ClassVar[str] = "leaving"

    def act(self, staged: FakeSlot) -> None:
        os.write(2, b"so long\n")
        os._exit(3)


class Exiting(_Running):
    """Calls `sys.exit`, as some libraries do on an error."""

    name: ClassVar[str] = "exiting"

    def act(self, staged: FakeSlot) -> None:
        sys.exit("not on this machine")


class Interrupting(_Running):
    """Raises SIGINT in its own process, as a starved OpenBLAS does."""

    name: ClassVar[str] = "interrupting"

    def act(self, staged: FakeSlot) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)


class Mute(_Running):
    """Closes the pipe of its answers and keeps running."""

    name: ClassVar[str] = "mute"

    def act(self, staged: FakeSlot) -> None:
        os.close(replies())
        while True:
            time.sleep(3600)


class Misnumbering(_Running):
    """Answers a request that nobody made."""

    name: ClassVar[str] = "misnumbering"

    def act(self, staged: FakeSlot) -> None:
        os.write(replies(), frame(Done(number=999)))
        time.sleep(3600)


class Halving(_Running):
    """Dies in the middle of an answer."""

    name: ClassVar[str] = "halving"

    def act(self, staged: FakeSlot) -> None:
        os.write(replies(), frame(Done(number=4))[:-2])
        os.kill(os.getpid(), signal.SIGKILL)


class Unspeakable(_Running):
    """Raises an error whose text holds what is no text."""

    name: ClassVar[str] = "unspeakable"

    def act(self, staged: FakeSlot) -> None:
        raise RuntimeError("cannot read 'model-\udcff.onnx'")


class Verbose(_Running):
    """Raises an error that holds a whole array."""

    name: ClassVar[str] = "verbose"

    def act(self, staged: FakeSlot) -> None:
        raise RuntimeError("begin " + "0, " * 1_000_000 + " end")
