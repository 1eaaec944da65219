"""`infer-compare models`: lists the models that have a name."""

from __future__ import annotations

from typing import Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON
from infer_compare.cli.installed import installed


@click.command("models")
@AS_JSON
@click.pass_obj
def command(settings: dict[str, Any], *, as_json: bool) -> None:
    """List the models that are built in or come from plugins, with inputs, parameters and FLOPs per sample."""
    from infer_compare.errors import ModelError
    from infer_compare.models.description import describe
    from infer_compare.preparation.context import known_models

    listed = []
    for model in known_models(installed(settings)).values():
        try:
            listed.append(describe(model))
        except ModelError as error:
            click.echo(f"Not listed: {error}", err=True)
    if as_json:
        stdout.document(listed)
        return
    width = max(len(model.name) for model in listed)
    stdout.echo(f"{'model':{width}}  parameters  FLOPs/sample")
    for description in listed:
        flops = "" if description.flops_per_sample is None else _short(description.flops_per_sample)
        stdout.echo(
            f"{description.name:{width}}  {_short(description.parameters):>10}  {flops:>12}  {description.summary}"
        )
        for spec in description.inputs:
            stdout.echo(f"{'':{width}}  {spec.name}: {spec.dtype}[{', '.join(map(str, spec.shape))}]")


def _short(number: float) -> str:
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g} {unit}"
    return f"{number:.0f}"
