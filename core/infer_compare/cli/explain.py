"""`infer-compare explain`: how a model reaches each framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON, CLEAR_CACHE, DEBUG
from infer_compare.cli.installed import installed
from infer_compare.cli.options import GroupedCommand, given_by, options_of

if TYPE_CHECKING:
    from infer_compare.api import Explanation

PROVENANCE = {
    "native": "the framework's own format",
    "exported": "converted to the framework's own format",
    "imported": "rebuilt from the ONNX graph with the framework's operators",
}


@click.command("explain", cls=GroupedCommand, output=("as_json",))
@options_of("explain", seed={"help": "Seed for random weights."})
@CLEAR_CACHE
@AS_JSON
@DEBUG
@click.pass_context
def command(context: click.Context, /, *, clear_cache: bool, as_json: bool, debug: bool, **_asked: Any) -> int:  # noqa: ANN401, ARG001 - `given_by` reads the rest from the context; debug is read before parsing
    """Show what MODEL is, how each framework would load it (as it is, converted, or rebuilt), and what is missing.

    Each backend that needs no conversion loads the model, which shows unsupported operators. Nothing is converted or
    run; a callable model is called to find its inputs. Without --backends, all installed backends are tried.

    Exit codes: 0 every backend can load it; 1 at least one cannot; 2 usage error.
    """
    from infer_compare import api
    from infer_compare.request.reading import complete

    if clear_cache:
        clear()
    plugins = installed(context.obj)
    given = given_by(context, plugins)
    if not {"backends", "contenders"} & set(given):
        given["backends"] = tuple(one.name for one in plugins.backends)
    found = api.explain(complete(given), plugins=plugins)
    if as_json:
        stdout.document(found)
    else:
        _print(found)
    return 1 if any(one.missing for one in found.ways) else 0


def clear() -> None:
    """Empty the cache of converted models, and say so.

    Raises:
        UsageError: it cannot be removed.
    """
    from infer_compare.errors import UsageError
    from infer_compare.models.cache import ConversionCache, cache_folder

    try:
        size = ConversionCache().clear()
    except OSError as error:
        raise UsageError(f"The cache in {cache_folder()} cannot be removed ({error.strerror or error}).") from error
    click.echo(f"{size / 2**20:.1f} MiB of converted models removed from {cache_folder()}", err=True)


def _print(found: Explanation) -> None:
    model = found.model
    size = "" if model.parameters is None else f", {model.parameters:,} parameters"
    stdout.echo(f"{model.name}: {model.format}{size}, {model.sha256[:12]}")
    for kind, specs in (("input", model.inputs), ("output", model.outputs)):
        for spec in specs:
            stdout.echo(f"  {kind:6} {spec.name}: {spec.dtype}[{', '.join(map(str, spec.shape))}]")
    for fill in found.fills:
        stdout.echo(f"  filled {fill}")
    for text in found.warnings:
        stdout.echo(f"  note: {text}")
    stdout.echo()
    width = max(len(one.contender) for one in found.ways)
    for one in found.ways:
        if one.missing:
            stdout.echo(f"{one.contender:{width}}  not reached: {one.missing}")
            continue
        stdout.echo(f"{one.contender:{width}}  {' -> '.join(one.chain)}  (cost {one.cost:g})")
        untried = "" if one.loaded else "; not tried, since nothing is converted here"
        stdout.echo(f"{'':{width}}  {one.provenance}: {PROVENANCE[one.provenance or 'native']}{untried}")
