"""Flags that several commands have, each declared once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.cli.options import Command

FORCE = click.option("--force", is_flag=True, help="Overwrite the file if it exists.")


def flags(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds options to a command, which help lists in this order."""

    def add(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return add
