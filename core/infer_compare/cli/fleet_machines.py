"""`infer-compare fleet machines`: what a launcher reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON, address_option
from infer_compare.cli.installed import installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces.launchers import Machine


@click.command("machines")
@click.option("--launcher", default="local", show_default=True, metavar="NAME", help="Launcher.")
@address_option()
@AS_JSON
@click.pass_obj
def machines(settings: dict[str, Any], *, launcher: str, address: str | None, as_json: bool) -> None:
    """List the machines that a launcher reaches, with the labels by which `machines` in FLEET.TOML chooses them."""
    from infer_compare.fleet.reaching import reached

    with reached(launcher, address, installed(settings)) as (_, known):
        pass
    if as_json:
        stdout.document(list(known))
        return
    for line in _machine_lines(known):
        stdout.echo(line)
    if not known:
        click.echo(f"The launcher {launcher} has no machines.", err=True)


def _machine_lines(machines: Sequence[Machine]) -> list[str]:
    from infer_compare.fleet.machines import kinds
    from infer_compare.foreign import one_line
    from infer_compare.stats.wording import count

    lines = []
    for kind in kinds(machines):
        for machine in kind.machines:
            size = count(machine.cpus, "core") + (f", {count(machine.gpus, 'GPU')}" if machine.gpus else "")
            lines.append(one_line(f"{machine.id}: {size}, kind {kind.name}"))
            lines += [f"  {one_line(f'{label}={value}')}" for label, value in sorted(machine.labels.items())]
    return lines
