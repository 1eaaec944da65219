"""The processes of a run with a fault: started, interfered with, counted when they should be gone."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psutil  # type: ignore[import-untyped] # it ships no types

from fault_injection import fault_backend
from fault_injection.matrix import MODULES
from fault_injection.shadowed import command
from infer_compare.store import FILE, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault_injection.fault import Fault, Target

WAIT_S = 120.0
"""A run that takes longer is ended, and has not survived."""
GOODBYE_S = 5.0
"""How long workers may outlive the run."""
LOOK_S = 0.01
PACKAGES = str(Path(__file__).parents[1])
"""Where processes of the run find this package."""
MARK = "INFER_COMPARE_FAULT"
"""An environment variable that every process of a run inherits, so that none can hide."""


@dataclass(slots=True)
class InjectedRun:
    """A run in progress."""

    fault: Fault
    framework: str
    folder: Path
    run: Path
    """The run folder."""
    exit_code: int = 0
    kept: bytes = b""
    _held: int | None = None
    """A descriptor of a run file that has no name any more."""
    _mark: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def other(self) -> str:
        """A backend that starts quickly and has no fault."""
        return "reference" if self.framework == "onnx" else "onnx"

    @property
    def shadow(self) -> Path:
        """What was taken for stored."""
        return self.folder / "shadow.jsonl"

    @property
    def output(self) -> Path:
        """Standard output and standard error."""
        return self.folder / "output.txt"

    def play(self) -> bool:
        """Run it to its end and return whether the moment came at which something was to be done."""
        fault = self.fault
        process = self._start(
            "run", fault.model, "--output", str(self.run), "--batch-sizes", fault.batch_sizes,
            "--threads", "1", "--quick", "--verbose", *self._contenders(), *fault.arguments,
        )  # fmt: skip
        try:
            acted = self._act(process)
            process.wait(WAIT_S)
            if fault.act == "kill parent" and acted:
                self.kept = self.stored()
                if self.leftovers(kill=False):
                    return False
                process = self._start("run", "--resume", str(self.run), "--verbose")
                process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            return False
        finally:
            process.kill()
            self.exit_code = _as_in_a_shell(process.wait())
        return acted

    def _contenders(self) -> Iterator[str]:
        for target in self.fault.targets:
            yield from ("-b", _spec(target, self.framework))
        yield from ("-b", self.other)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, MARK: self._mark, "COLUMNS": "400"}
        places = [PACKAGES, os.environ.get("PYTHONPATH", "")]
        if self.fault.act == "break package":
            places.insert(0, str(_broken(self.folder / "packages", MODULES[self.framework])))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
        with self.output.open("ab") as output:
            return subprocess.Popen(
                [*command(self.shadow, self.fault.constants), *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _act(self, process: subprocess.Popen[bytes]) -> bool:
        """Do to the run what the fault is, at its moment."""
        match self.fault.act:
            case "kill worker":
                return self._when("round", process, lambda: os.kill(self._worker(), signal.SIGKILL))
            case "remove folder":
                return self._when("round", process, self._remove)
            case "kill parent":
                return self._when("round", process, process.kill)
            case "interrupt start":
                return self._when("header", process, lambda: process.send_signal(signal.SIGINT))
            case "interrupt explore":
                return self._when("probe", process, lambda: process.send_signal(signal.SIGINT))
            case "interrupt measure":
                return self._when("round", process, lambda: process.send_signal(signal.SIGINT))
            case "interrupt twice":
                return self._when("round", process, lambda: _twice(process))
            case _:
                return True

    def _when(self, kind: str, process: subprocess.Popen[bytes], act: Callable[[], object]) -> bool:
        """Do something as soon as a kind of record was stored; return whether that happened."""
        until = time.monotonic() + WAIT_S
        words = f'{{"type":"{kind}"'.encode()
        while time.monotonic() < until and process.poll() is None:
            if self.shadow.exists() and words in self.shadow.read_bytes():
                act()
                return True
            time.sleep(LOOK_S)
        return False

    def _worker(self) -> int:
        """Return the number of the process that is measured for the target."""
        starts = [
            msgspec.json.decode(line)
            for line in whole(self.shadow.read_bytes()).splitlines()
            if line.startswith(b'{"type":"start"')
        ]
        return int(
            next(start["pid"] for start in reversed(starts) if start["contender"] == self.fault.targets[0].label)
        )

    def _remove(self) -> None:
        self._held = os.open(self.run / FILE, os.O_RDONLY)
        shutil.rmtree(self.run)

    def stored(self) -> bytes:
        """Return the run file, also where its name is gone."""
        if self._held is None:
            return (self.run / FILE).read_bytes()
        os.lseek(self._held, 0, os.SEEK_SET)
        with os.fdopen(self._held, "rb", closefd=False) as file:
            return file.read()

    def leftovers(self, *, kill: bool = True) -> int:
        """Return how many processes of the run live on after their time for goodbyes, and end them if `kill`."""
        until = time.monotonic() + GOODBYE_S
        while (alive := _marked(self._mark)) and time.monotonic() < until:
            time.sleep(0.05)
        for process in alive if kill else ():
            with contextlib.suppress(psutil.Error):
                process.kill()
        return len(alive)


def _spec(target: Target, framework: str) -> str:
    """The contender as it is typed."""
    if not target.options:
        return framework
    options = {"label": target.label, "backend": framework, **target.options}
    return f"{fault_backend.__file__}:FaultBackend:" + ",".join(f"{key}={value}" for key, value in options.items())


def _as_in_a_shell(status: int) -> int:
    """The exit code that a shell tells: 130 also where the interpreter itself was ended by SIGINT on its way out."""
    return 128 - status if status < 0 else status


def _twice(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    time.sleep(LOOK_S)
    process.send_signal(signal.SIGINT)


def _broken(folder: Path, module: str) -> Path:
    """A folder with a package of that name that cannot be imported."""
    package = folder / module
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"raise ImportError('{module} fails on demand')\n", encoding="utf-8")
    return folder


def _marked(mark: str) -> list[psutil.Process]:
    """The living processes that have inherited a mark."""
    alive = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
    return alive
