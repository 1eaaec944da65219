"""Live progress of a run on standard error: how far it is, the current step, and results so far.

The line is redrawn at each event. During steps that time nothing, such as starting and compiling, it is also redrawn every
second; during timing nothing is drawn, since drawing would compete with the worker. If standard error is not a terminal,
only notes are printed.
"""

from __future__ import annotations

import contextlib
import errno
import sys
import time
from typing import TYPE_CHECKING, Any, Self, cast

from infer_compare.cli.interrupts import let_go_of_terminals
from infer_compare.cli.json_progress import JsonLines
from infer_compare.cli.progress_line import ProgressLine
from infer_compare.cli.ticker import Ticker
from infer_compare.foreign import one_line
from infer_compare.phases.events import Observer
from infer_compare.results import AnyOutcome, AxisLimit, Measured, OutOfMemory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from rich.console import Console

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Header, Limit

SELDOM_S = 0.5
"""Seconds between two drawings if steps follow each other quickly."""


class Terminal(ProgressLine):
    """A progress line at the bottom of a terminal, with lines above it for results so far."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        """Draw on a console if it is a terminal."""
        super().__init__()
        from rich.live import Live
        from rich.text import Text

        self._console = console
        self._verbose = verbose
        self._instances: dict[str, int] = {}
        self._text = Text
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._ticker = Ticker(self._draw)
        self._drawn = 0.0

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ticker.close()
        if self._live is not None:
            self._live.stop()

    def changed(self, *, slow: bool) -> None:
        """Redraw at most twice a second, since drawing takes time on the machine that is being measured."""
        if self._live is None:
            return
        with self._ticker.lock:
            if slow or time.monotonic() - self._drawn >= SELDOM_S:
                self._draw()
        self._ticker.step(slow=slow)

    def _draw(self) -> None:
        assert self._live is not None
        self._drawn = time.monotonic()
        line = self.line(self._console.width, ascii_only=not self._console.encoding.startswith("utf"))
        self._live.update(self._text(line, style="dim", no_wrap=True, overflow="ellipsis"), refresh=True)

    def resolved(self, header: Header) -> None:
        """Print the model and its contenders."""
        super().resolved(header)
        self._instances = {contender.label: contender.instances for contender in header.contenders}
        if self._live is not None:
            labels = ", ".join(contender.label for contender in header.contenders)
            self._print(f"[bold]{_escape(header.model.name)}[/] on {_escape(labels)}")

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:
        """Print the result of a trial call, if it is new."""
        super().probed(label, point, outcome)
        if isinstance(outcome, OutOfMemory):
            self.note("memory", f"{label} ran out of memory at {point}")
        elif self._verbose and isinstance(outcome, Measured):
            rate = self._instances.get(label, 1) * point.batch / outcome.latency_ns * 1e9
            self._print(f"  {_escape(label)} {point}: about {rate:,.0f} samples/s")

    def found_limit(self, limit: Limit) -> None:
        """Print the largest size that fits and the smallest that does not."""
        super().found_limit(limit)
        noun = limit.axis if isinstance(limit, AxisLimit) else "batch"
        if limit.smallest_failing is None:
            self.note("limit", f"{limit.contender}: at least {noun} {limit.largest_fitting}; {limit.reason}")
        else:
            fits = f"{noun} {limit.largest_fitting} fits" if limit.largest_fitting else f"no {noun} fits"
            self.note("limit", f"{limit.contender}: {fits}, {noun} {limit.smallest_failing} does not")

    def note(self, topic: str, text: str) -> None:
        """Print a note, also if standard error is not a terminal."""
        self._print(f"[yellow]{_escape(topic)}:[/] {_escape(text)}", soft_wrap=True)

    def _print(self, markup: str, *, soft_wrap: bool = False) -> None:
        with self._ticker.lock:
            self._console.print(markup, highlight=False, soft_wrap=soft_wrap)


class Lasting:
    """Standard error whose terminal may go away: a run continues even if its progress cannot be shown any more.

    A terminal may be gone before SIGHUP arrives, and SIGHUP never arrives if the shell has disowned the run.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write, or do nothing if the terminal is gone."""
        try:
            return self._file.write(text)
        except OSError as error:
            return self._gone(error, len(text))

    def flush(self) -> None:
        """Flush, or do nothing if the terminal is gone."""
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


@contextlib.contextmanager
def progress(*, quiet: bool, verbose: bool, as_json: bool = False) -> Iterator[Observer]:
    """Give an observer that shows the progress of a run.

    Args:
        quiet: show nothing.
        verbose: also show the throughput of each size.
        as_json: write only JSON lines.
    """
    if as_json:
        yield JsonLines(cast("IO[str]", Lasting(sys.stderr)))
        return
    if quiet:
        yield Observer()
        return
    from rich.console import Console

    with Terminal(Console(file=cast("IO[str]", Lasting(sys.stderr)), stderr=True), verbose=verbose) as terminal:
        yield terminal
