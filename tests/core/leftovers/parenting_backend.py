"""A backend whose worker starts processes, each of a kind that is hard to end, and leaves memory lying about."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NoReturn

import msgspec

from fault_injection.fake import FakeBackend
from fault_injection.fake_options import FakeOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces import ModelSource
    from infer_compare.interfaces.backend import Settings

MIB = 2**20
KINDS = ("plain", "detached", "deaf", "stopped", "bare")


class ParentingOptions(FakeOptions, frozen=True, kw_only=True):
    """What it starts while it loads a model."""

    pids: Annotated[str, msgspec.Meta(description="Folder for the numbers of its processes.")]
    kinds: Annotated[str, msgspec.Meta(description="Which processes, joined by +.")] = "+".join(KINDS)
    child_mib: Annotated[int, msgspec.Meta(description="Memory that a detached process fills.")] = 0
    shared_mib: Annotated[int, msgspec.Meta(description="Size of a file of shared memory.")] = 0
    shared: Annotated[str, msgspec.Meta(description="Path of that file.")] = ""


class ParentingBackend(FakeBackend):
    """Starts processes while it loads."""

    name: ClassVar[str] = "parenting"
    options: ClassVar[Any] = ParentingOptions

    def __init__(self, settings: Settings) -> None:
        assert isinstance(settings.options, ParentingOptions)
        self._asked = settings.options
        super().__init__(settings)

    def step(self, name: Any, size: int = 0) -> None:
        """Does what it does, and leaves word of it."""
        Path(self._asked.pids, name).touch()
        super().step(name, size)

    def load(self, model: ModelSource) -> Any:
        """Loads when every process has told its number."""
        asked = self._asked
        kinds = list(filter(None, asked.kinds.split("+")))
        for kind in kinds:
            _start(lambda kind=kind: _child(kind, Path(asked.pids)), detach=kind == "detached")  # type: ignore[misc]
        while len(list(Path(asked.pids).glob("*.pid"))) < len(kinds):
            time.sleep(0.005)
        if asked.child_mib:
            _start(lambda: _fill(asked.child_mib, Path(asked.pids)), detach=True)
        if asked.shared:
            # Held open, and not mapped: it is in no process's resident memory.
            self._file = open(asked.shared, "wb", buffering=0)  # noqa: PTH123, SIM115
            for _ in range(asked.shared_mib):
                self._file.write(bytes(MIB))
        if asked.child_mib or asked.shared_mib:
            time.sleep(60)
        return super().load(model)


def _start(act: Callable[[], NoReturn], *, detach: bool = False) -> None:
    if os.fork():
        return
    try:
        if detach:
            os.setsid()
            if os.fork():
                os._exit(0)
        act()
    finally:
        os._exit(1)


def _child(kind: str, folder: Path) -> NoReturn:
    if kind == "deaf":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    if kind == "bare":
        # Another environment, and another program.
        words = f'echo $$ > "{folder}/.bare" && mv "{folder}/.bare" "{folder}/bare.pid"; exec sleep 3600'
        os.execve("/bin/sh", ["sh", "-c", words], {"PATH": "/usr/bin:/bin"})
    written = folder / f".{kind}"
    written.write_text(str(os.getpid()), encoding="ascii")
    written.rename(folder / f"{kind}.pid")
    if kind == "stopped":
        os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        time.sleep(3600)


def _fill(mib: int, folder: Path) -> NoReturn:
    (folder / "filling.pid").write_text(str(os.getpid()), encoding="ascii")
    held = []
    for _ in range(mib):
        held.append(bytearray(os.urandom(1)) * MIB)
        time.sleep(0.001)
    time.sleep(3600)
    os._exit(0)
