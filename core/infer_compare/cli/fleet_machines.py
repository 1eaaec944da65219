"""`infer-compare fleet machines`: what a launcher reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON, address_option
from infer_compare.cli.installed import installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces.launchers import Launcher, Machine
    from infer_compare.plugins import Plugins


@click.command("machines")
@click.option("--launcher", default="local", show_default=True, metavar="NAME", help="Launcher.")
@address_option()
@AS_JSON
@click.pass_obj
def machines(settings: dict[str, Any], *, launcher: str, address: str | None, as_json: bool) -> None:
    """List the machines that a launcher reaches, with the labels by which `machines` in FLEET.TOML chooses them."""
    from infer_compare.fleet.folder import reach

    chosen = launcher_of(launcher, installed(settings))
    try:
        known = reach(chosen, address)
    finally:
        chosen.close()
    if as_json:
        stdout.document(list(known))
        return
    for line in _machine_lines(known):
        stdout.echo(line)
    if not known:
        click.echo(f"The launcher {launcher} has no machines.", err=True)


def launcher_of(name: str, plugins: Plugins) -> Launcher:
    """Return the launcher of that name, whose errors are sentences.

    Raises:
        UsageError: there is none, or a package that it needs is missing.
    """
    from infer_compare.fleet.guarded_launcher import GuardedLauncher
    from infer_compare.fleet.launchers import find_launcher

    return GuardedLauncher(find_launcher(name, plugins))


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
