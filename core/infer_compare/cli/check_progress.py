"""Progress of a long command on standard error: a changing line on a terminal, else a line every ten seconds."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PERIOD_S = 10.0
"""Seconds between two lines if standard error is not a terminal."""


@contextlib.contextmanager
def progress(*, quiet: bool, piped: bool = False) -> Iterator[Callable[[str], None]]:
    """Give a function that shows the current step.

    Args:
        quiet: show nothing.
        piped: if standard error is not a terminal, print a line every ten seconds; otherwise show nothing there.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not quiet and console.is_terminal:
        with console.status("") as status:
            yield status.update
    elif not quiet and piped:
        yield _now_and_then()
    else:
        yield lambda _: None


def _now_and_then() -> Callable[[str], None]:
    last = time.monotonic()

    def show(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= PERIOD_S:
            last = time.monotonic()
            click.echo(text, err=True)

    return show
