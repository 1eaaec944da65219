"""`infer-compare devices`: lists the devices that each framework can use."""

from __future__ import annotations

from typing import Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON
from infer_compare.cli.installed import installed


@click.command("devices")
@AS_JSON
@click.pass_obj
def command(settings: dict[str, Any], *, as_json: bool) -> None:
    """List the devices that each installed framework can use on this machine."""
    from infer_compare import api

    backends = api.devices(installed(settings))
    if as_json:
        stdout.document(backends)
        return
    from rich.table import Table
    from rich.text import Text

    from infer_compare.foreign import one_line

    table = Table("backend", "framework", "device", "", box=None, pad_edge=False)
    for backend in backends:
        if backend.problem:
            table.add_row(Text(backend.backend), Text(""), Text(""), Text(backend.problem, style="yellow"))
        for device in backend.devices:
            memory = f" ({device.memory_bytes / 2**30:.1f} GiB)" if device.memory_bytes else ""
            words = (backend.backend, backend.version, one_line(str(device)), one_line(device.description) + memory)
            table.add_row(*map(Text, words))
    stdout.console().print(table)
