"""The local process through which a launcher talks to the node side of a job."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING

import msgspec

from infer_compare.fleet.node.messages import LONGEST_LINE, Stop, event_decoder, line
from infer_compare.foreign import one_line
from infer_compare.interfaces.launchers import Ended, Event, Lost
from infer_compare.worker.supervisor.ring import Ring
from infer_compare.worker.supervisor.spawned import describe_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MARGIN_S = 5.0
"""How much longer than its grace a stopped job may take before its process is killed."""
PART = 1 << 16
LONGEST_WHY = 400


class EventReader:
    """Decodes events from the output of a node side, and skips lines that are none, such as a greeting of the shell."""

    def __init__(self, job: str, attempt: int) -> None:
        """Accepts events of this attempt of the job alone."""
        self._job = job
        self._attempt = attempt
        self._buffer = bytearray()
        self.other = Ring()
        """The latest output that was not an event."""

    def feed(self, part: bytes) -> list[Event]:
        """Add output, and return the events that it completes."""
        self._buffer += part
        if b"\n" not in part and len(self._buffer) <= LONGEST_LINE:
            return []
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer[:] = rest if len(rest) <= LONGEST_LINE else b""
        events: list[Event] = []
        for text in lines:
            try:
                event = event_decoder.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                self.other.add(text + b"\n")
                continue
            if (event.job, event.attempt) == (self._job, self._attempt):
                events.append(event)
        return events


class NodeProcess:
    """A local process connected to one node side: the node side itself, or a program such as `ssh` that leads to it."""

    def __init__(
        self,
        command: Sequence[str],
        parcel: Iterable[bytes],
        job: str,
        attempt: int,
        put: Callable[[Event], object],
    ) -> None:
        """Start the process without waiting for any event.

        Args:
            command: its program and arguments.
            parcel: what is written to the node side first: a `Parcel`, or the bytes of one.
            job: the id of the job.
            attempt: of the job.
            put: called from another thread with each event; the last one is an `Ended` or a `Lost`.
        """
        self.job = job
        """Its id."""
        self._attempt = attempt
        self._put = put
        self._lock = threading.Lock()
        self._over = False
        self._stopping = threading.Event()
        self._timer: threading.Timer | None = None
        self._errors = Ring()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            # A new session keeps the terminal's Ctrl-C from this process: the launcher receives it, and stops the jobs.
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self._end(self._lost(f"{command[0]} cannot be started: {error.strerror}"))
            return
        self._feeder = threading.Thread(target=self._feed, args=(self._process.stdin, parcel), daemon=True)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._feeder.start()
        self._reader.start()

    def stop(self, grace_s: float) -> None:
        """Ask the node side to end the run within `grace_s`; if it does not, kill the process."""
        if self._over or self._process is None:
            return
        self._stopping.set()
        if self._timer is None:
            self._timer = threading.Timer(grace_s + MARGIN_S, self.kill)
            self._timer.daemon = True
            self._timer.start()
        threading.Thread(target=self._order, args=(grace_s,), daemon=True).start()

    def kill(self) -> None:
        """Kill the process. A node side that is another process notices this and ends its run."""
        self._end(self._lost("it did not answer and was given up"))
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for the process; return whether it has ended and its last event was put."""
        if self._process is None:
            return True
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def _order(self, grace_s: float) -> None:
        """Write the order to stop, once the job has been written."""
        self._feeder.join()
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line(Stop(grace_s=grace_s)))
            self._process.stdin.flush()

    def _feed(self, stdin: IO[bytes], parcel: Iterable[bytes]) -> None:
        """Write the job; close standard input early if a stop comes first or a file cannot be read."""
        try:
            for part in parcel:
                if self._stopping.is_set():
                    break
                stdin.write(part)
            else:
                stdin.flush()
                return
        except OSError:
            pass
        with contextlib.suppress(OSError):
            stdin.close()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        reader = EventReader(self.job, self._attempt)
        assert process.stdout is not None
        assert process.stderr is not None
        with selectors.DefaultSelector() as selector, process.stdout, process.stderr:
            for stream in (process.stdout, process.stderr):
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    part = os.read(key.fd, PART)
                    if not part:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is process.stderr:
                        self._errors.add(part)
                    else:
                        for event in reader.feed(part):
                            self._deliver(event)
                if process.stdout not in {key.fileobj for key in selector.get_map().values()}:
                    break
        self._feeder.join()
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        status = process.wait()
        said = one_line(self._errors.text or reader.other.text, LONGEST_WHY)
        self._end(self._lost(f"its process ended with {describe_status(status)}" + (f": {said}" if said else "")))

    def _deliver(self, event: Event) -> None:
        if isinstance(event, Ended | Lost):
            self._end(event)
            return
        with self._lock:
            if not self._over:
                self._put(event)

    def _end(self, event: Event) -> None:
        """Put the last event, unless another was put before."""
        with self._lock:
            if not self._over:
                self._over = True
                self._put(event)
        if self._timer is not None and isinstance(event, Ended):
            self._timer.cancel()

    def _lost(self, why: str) -> Lost:
        return Lost(job=self.job, attempt=self._attempt, why=why)
