"""`infer-compare explain`: shows how each framework would load a model."""

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
        given["backends"] = tuple(backend.name for backend in plugins.backends)
    explanation = api.explain(complete(given), plugins=plugins)
    if as_json:
        stdout.document(explanation)
    else:
        _print(explanation)
    return 1 if any(path.missing for path in explanation.ways) else 0


def clear() -> None:
    """Clear the cache of converted models, and print how much was removed.

    Raises:
        UsageError: the cache cannot be removed.
    """
    from infer_compare.errors import UsageError
    from infer_compare.models.cache import ConversionCache, cache_folder

    try:
        size = ConversionCache().clear()
    except OSError as error:
        raise UsageError(f"The cache in {cache_folder()} cannot be removed ({error.strerror or error}).") from error
    click.echo(f"{size / 2**20:.1f} MiB of converted models removed from {cache_folder()}", err=True)


def _print(explanation: Explanation) -> None:
    model = explanation.model
    size = "" if model.parameters is None else f", {model.parameters:,} parameters"
    stdout.echo(f"{model.name}: {model.format}{size}, {model.sha256[:12]}")
    for kind, specs in (("input", model.inputs), ("output", model.outputs)):
        for spec in specs:
            stdout.echo(f"  {kind:6} {spec.name}: {spec.dtype}[{', '.join(map(str, spec.shape))}]")
    for fill in explanation.fills:
        stdout.echo(f"  filled {fill}")
    for text in explanation.warnings:
        stdout.echo(f"  note: {text}")
    stdout.echo()
    width = max(len(path.contender) for path in explanation.ways)
    for path in explanation.ways:
        if path.missing:
            stdout.echo(f"{path.contender:{width}}  not reached: {path.missing}")
            continue
        stdout.echo(f"{path.contender:{width}}  {' -> '.join(path.chain)}  (cost {path.cost:g})")
        untried = "" if path.loaded else "; not tried, since nothing is converted here"
        stdout.echo(f"{'':{width}}  {path.provenance}: {PROVENANCE[path.provenance or 'native']}{untried}")
