"""`infer-compare devices`: what each framework can use, asked in a worker of its own."""

from __future__ import annotations

from typing import Any

import click


@click.command("devices")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(settings: dict[str, Any], *, as_json: bool) -> None:
    """Lists the devices that each installed framework can use on this machine."""
    from infer_compare import api
    from infer_compare.plugins import Plugins

    found = api.devices(Plugins.discover(settings["blocked"]))
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("backend", "framework", "device", "", box=None, pad_edge=False)
    for one in found:
        if one.problem:
            table.add_row(Text(one.backend), Text(""), Text(""), Text(one.problem, style="yellow"))
        for device in one.devices:
            memory = f" ({device.memory_bytes / 2**30:.1f} GiB)" if device.memory_bytes else ""
            table.add_row(*map(Text, (one.backend, one.version, str(device), device.description + memory)))
    Console().print(table)
