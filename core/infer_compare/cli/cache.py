"""`infer-compare cache`: the converted models that are kept between runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from infer_compare.cli import stdout

if TYPE_CHECKING:
    from infer_compare.models.cache import KeptModel

DAY_S = 86400.0


@click.group("cache")
def command() -> None:
    """Shows and removes the converted models that are kept between runs.

    Models are kept in ~/.cache/infer-compare, or in the folder that INFER_COMPARE_CACHE names. When a model is added, the
    least recently used ones are removed until the rest take at most 20 GiB, or the size in INFER_COMPARE_CACHE_LIMIT.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_command(*, as_json: bool) -> None:
    """Lists the converted models, the one used last first: size, days since the last use, name."""
    from infer_compare.environment.memory import size_text

    kept = _kept()
    if as_json:
        stdout.document([one._asdict() for one in kept])
        return
    for one in kept:
        days = max(0.0, time.time() - one.used) / DAY_S
        stdout.echo(f"{size_text(one.size):>9}  {days:6.1f} days  {one.name}  {one.key}")
    if not kept:
        stdout.echo("No converted models are kept.")


@command.command("size")
def size_command() -> None:
    """Prints how many models are kept, what they take, the limit, and the folder."""
    from infer_compare.environment.memory import size_text
    from infer_compare.models.cache import cache_folder
    from infer_compare.request.units import cache_limit

    kept = _kept()
    total = size_text(sum(one.size for one in kept))
    noun = "model" if len(kept) == 1 else "models"
    stdout.echo(f"{len(kept)} {noun}, {total} of at most {size_text(cache_limit())}, in {cache_folder()}")


@command.command("clear")
def clear_command() -> None:
    """Removes all converted models."""
    from infer_compare.cli.explain import clear

    clear()


def _kept() -> list[KeptModel]:
    from infer_compare.models.cache import ConversionCache

    return ConversionCache().models()
