"""Live progress on standard error: what is being measured, how far, and what it has found.

It is drawn when something happens and by no thread of its own, since a thread in the parent would compete
with the worker that is being measured. Where standard error is no terminal, only notes are printed.
"""

from __future__ import annotations

import contextlib
import errno
import sys
import time
from typing import TYPE_CHECKING, Any, Self, cast

from infer_compare.cli.interrupts import let_go_of_terminals
from infer_compare.foreign import one_line
from infer_compare.phases.events import Observer
from infer_compare.results import AnyOutcome, Measured, OutOfMemory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from rich.console import Console

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Header, Limit, Round


class Terminal(Observer):
    """A status line, and lines for what has been found."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        """Draws on a console when it is a terminal."""
        from rich.live import Live
        from rich.text import Text

        self._console = console
        self._verbose = verbose
        self._text = Text
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._phase = ""
        self._rounds = 0
        self._drawn = 0.0

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def _status(self, text: str, *, now: bool = False) -> None:
        if self._live is None:
            return
        # At most twice a second: drawing is work, and the machine is being measured.
        if not now and time.monotonic() - self._drawn < 0.5:
            return
        self._drawn = time.monotonic()
        self._live.update(self._text(text, style="dim", no_wrap=True, overflow="ellipsis"), refresh=True)

    def resolved(self, header: Header) -> None:
        """Says what is about to be done."""
        if self._live is not None:
            labels = ", ".join(contender.label for contender in header.contenders)
            self._console.print(f"[bold]{_escape(header.model.name)}[/] on {_escape(labels)}", highlight=False)

    def starting(self, phase: str, label: str) -> None:
        """Says whose worker starts."""
        self._status(f"{phase}: starting {label}", now=True)

    def probing(self, label: str, point: OperatingPoint) -> None:
        """Says what is tried."""
        self._status(f"explore: {label} at {point}")

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:
        """Says what was found, when it is news."""
        if isinstance(outcome, OutOfMemory):
            self.note("memory", f"{label} ran out of memory at {point}")
        elif self._verbose and isinstance(outcome, Measured):
            rate = point.batch / outcome.latency_ns * 1e9
            self._console.print(f"  {_escape(label)} {point}: about {rate:,.0f} samples/s", highlight=False)

    def found_limit(self, limit: Limit) -> None:
        """Says between which sizes memory ends."""
        if limit.smallest_failing is None:
            self.note("limit", f"{limit.contender}: at least batch {limit.largest_fitting}; {limit.reason}")
        else:
            fits = f"batch {limit.largest_fitting} fits" if limit.largest_fitting else "no batch fits"
            self.note("limit", f"{limit.contender}: {fits}, batch {limit.smallest_failing} does not")

    def measuring(self, restart: int, restarts: int, points: int) -> None:
        """Says which restart begins."""
        self._phase = f"measure: restart {restart} of at most {restarts}, {points} batch sizes"
        self._rounds = 0
        self._status(self._phase, now=True)

    def round_done(self, one: Round, *, remaining_s: float) -> None:
        """Counts rounds and tells the time that is left."""
        self._rounds += 1
        left = f", about {_time(remaining_s)} left" if remaining_s > 0 else ""
        state = "" if one.clean else " (disturbed, to be repeated)"
        self._status(f"{self._phase}: round {self._rounds} at {one.point}{state}{left}")

    def note(self, topic: str, text: str) -> None:
        """Prints a note, in a log file too."""
        self._console.print(f"[yellow]{_escape(topic)}:[/] {_escape(text)}", highlight=False, soft_wrap=True)


class _Lasting:
    """Standard error that may go away: a run does not end because nobody can read its progress any more.

    A terminal may be gone before SIGHUP arrives, and SIGHUP never arrives where the shell has disowned the run.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write, or do nothing where the terminal is gone."""
        try:
            return self._file.write(text)
        except OSError as error:
            return self._gone(error, len(text))

    def flush(self) -> None:
        """Flush, or do nothing where the terminal is gone."""
        try:
            self._file.flush()
        except OSError as error:
            self._gone(error, 0)

    @staticmethod
    def _gone(error: OSError, written: int) -> int:
        if error.errno != errno.EIO:
            raise error
        let_go_of_terminals()
        return written

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the file's
        return getattr(self._file, name)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(one_line(text))


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


@contextlib.contextmanager
def progress(*, quiet: bool, verbose: bool) -> Iterator[Observer]:
    """An observer for the time of a run."""
    if quiet:
        yield Observer()
        return
    from rich.console import Console

    with Terminal(Console(file=cast("IO[str]", _Lasting(sys.stderr)), stderr=True), verbose=verbose) as terminal:
        yield terminal
