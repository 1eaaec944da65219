"""Parallel processes that run cases; a process that crashes or hangs fails only its current case."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING

import msgspec

from infer_compare.errors import BackendUnusable
from infer_compare.foreign import one_line
from infer_compare.testing.coverage.child import Hello
from infer_compare.testing.coverage.record import Trial
from infer_compare.worker.supervisor import describe_status, tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Self

START_S = 300.0
"""Time limit for a process to load its framework, in seconds."""


class CasePool:
    """Runs cases with one backend."""

    def __init__(
        self, backend: str, options: Mapping[str, str], *, jobs: int, limit_s: float, outputs: bool = False
    ) -> None:
        """Start nothing yet.

        Args:
            backend: how a process finds the class.
            options: options of the backend, by name as texts.
            jobs: the number of parallel processes.
            limit_s: time limit of a case, in seconds.
            outputs: whether to store the outputs as the correct ones, in the folder of the case.
        """
        self._hello = Hello(parent=os.getpid(), backend=backend, options=dict(options), outputs=outputs)
        self._jobs = jobs
        self._limit_s = limit_s
        self._version = ""

    @property
    def version(self) -> str:
        """The framework's version; empty until the first process has reported it."""
        return self._version

    def run(self, folders: Sequence[Path], watch: Callable[[Trial], None]) -> list[Trial]:
        """Return the results of the cases in folders, in order.

        Args:
            folders: the folders of the cases.
            watch: called with the result of each case, one at a time.

        Raises:
            BackendUnusable: a process ended before it could run anything.
        """
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(folders)):
            waiting.put(number)
        trials: list[Trial | None] = [None] * len(folders)
        lock = threading.Lock()
        stop = threading.Event()

        def work() -> None:
            try:
                with _Process(self._hello, environment) as process:
                    self._version = process.version
                    while not stop.is_set():
                        number = waiting.get_nowait()
                        trial = process.try_case(folders[number], self._limit_s)
                        with lock:
                            trials[number] = trial
                            watch(trial)
            except queue.Empty:
                pass

        size = max(1, min(self._jobs, len(folders)))
        with tagged() as environment, ThreadPoolExecutor(size) as pool:
            workers = [pool.submit(work) for _ in range(size)]
            try:
                for worker in workers:
                    worker.result()
            except BaseException:
                stop.set()
                raise
        return [trial for trial in trials if trial is not None]


class _Process:
    """A process that runs cases, and is replaced when it ends."""

    def __init__(self, hello: Hello, environment: Mapping[str, str]) -> None:
        self._hello = hello
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self.version = ""

    def _start(self) -> str:
        """Start a process, and return the version that it reports.

        Raises:
            BackendUnusable: the process reports none.
        """
        self._log.truncate(0)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "infer_compare.testing.coverage.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=dict(self._environment),
        )
        reply, late = self._ask(msgspec.json.encode(self._hello), START_S)
        if reply is None:
            why = f"did not start in {START_S:g} s" if late else f"ended with {self._end()}"
            if late:
                self._end()
            last = self._last_line()
            raise BackendUnusable(
                f"A process that loads the backend {why}.{f' Its last line was: {last}' if last else ''}"
            )
        return msgspec.json.decode(reply, type=str)

    def try_case(self, folder: Path, limit_s: float) -> Trial:
        """Return the result of the case in a folder."""
        if self._process is None:
            try:
                self._start()
            except BackendUnusable as error:
                return Trial("crashed", str(error))
        reply, late = self._ask(os.fsencode(folder), limit_s)
        if reply is not None:
            return msgspec.json.decode(reply, type=Trial)
        ending, last = self._end(), self._last_line()
        if late:
            return Trial("late", f"not done after {limit_s:g} s")
        return Trial("crashed", f"the process ended with {ending}{f'; its last line was: {last}' if last else ''}")

    def _ask(self, line: bytes, limit_s: float) -> tuple[bytes | None, bool]:
        """Return the answer to a line, None if the process ended, and whether it ended because of the time limit."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(limit_s, kill)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            reply = process.stdout.readline()
        except BrokenPipeError:
            reply = b""
        finally:
            timer.cancel()
        return (reply if reply.endswith(b"\n") else None), late.is_set()

    def _end(self) -> str:
        """Return how the process ended."""
        process, self._process = self._process, None
        assert process is not None
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue
        return describe_status(process.wait())

    def _last_line(self) -> str:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 4096))
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return one_line(lines[-1], 200) if lines else ""

    def __enter__(self) -> Self:
        try:
            self.version = self._start()
        except BaseException:
            self._log.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._end()
        self._log.close()
