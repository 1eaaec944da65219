"""How far a check of a plugin is, on standard error: a line that changes on a terminal, else a line now and then."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PERIOD_S = 10.0
"""Between two lines where standard error is no terminal."""


@contextlib.contextmanager
def progress(*, quiet: bool, piped: bool = False) -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is done now.

    Args:
        quiet: show nothing.
        piped: print a line every ten seconds where standard error is no terminal; otherwise nothing is shown there.
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
