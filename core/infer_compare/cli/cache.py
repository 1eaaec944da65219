"""`infer-compare cache`: lists or clears the cache of converted and compiled models."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON

if TYPE_CHECKING:
    from infer_compare.models.cache import KeptModel

DAY_S = 86400.0


@click.group("cache")
def command() -> None:
    """Show or clear the cache of converted and compiled models.

    The cache is in ~/.cache/infer-compare, or in the folder INFER_COMPARE_CACHE. It holds at most 20 GiB, or the size in
    INFER_COMPARE_CACHE_LIMIT; the least recently used models are removed first.
    """


@command.command("list")
@AS_JSON
def list_command(*, as_json: bool) -> None:
    """List the models, most recently used first: size, days since last use, name."""
    from infer_compare.environment.memory import size_text

    kept = _kept()
    if as_json:
        stdout.document([model._asdict() for model in kept])
        return
    for model in kept:
        days = max(0.0, time.time() - model.used) / DAY_S
        stdout.echo(f"{size_text(model.size):>9}  {days:6.1f} days  {model.name}  {model.key}")
    if not kept:
        stdout.echo("The cache is empty.")


@command.command("size")
def size_command() -> None:
    """Print the number of models, their total size, the limit, and the folder."""
    from infer_compare.environment.memory import size_text
    from infer_compare.models.cache import cache_folder
    from infer_compare.request.units import cache_limit

    kept = _kept()
    total = size_text(sum(model.size for model in kept))
    noun = "model" if len(kept) == 1 else "models"
    stdout.echo(f"{len(kept)} {noun}, {total} of at most {size_text(cache_limit())}, in {cache_folder()}")


@command.command("clear")
def clear_command() -> None:
    """Remove all models from the cache."""
    from infer_compare.cli.explain import clear

    clear()


def _kept() -> list[KeptModel]:
    from infer_compare.models.cache import ConversionCache

    return ConversionCache().models()
