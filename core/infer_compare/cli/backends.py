"""`infer-compare backends`: what is installed, what it can do, and what is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from infer_compare.plugins import BackendEntry, Plugins

DISTRIBUTION = "infer-compare"
"""Backends of other distributions are listed with their origin."""


@click.command("backends")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(settings: dict[str, Any], *, name: str | None, as_json: bool) -> None:
    """Lists backends, or tells about the one called NAME: formats, devices, options, where it comes from."""
    from infer_compare.plugins import Plugins

    plugins = Plugins.discover(settings["blocked"])
    if name is not None:
        entry = plugins.find(name)
        if as_json:
            _print_json(_facts(entry))
        else:
            _print_one(entry)
    elif as_json:
        _print_json({"backends": [_facts(entry) for entry in plugins.backends], "broken": _broken(plugins)})
    else:
        _print_all(plugins)


def _facts(entry: BackendEntry) -> dict[str, Any]:
    import msgspec

    from infer_compare.plugins import describe_options

    backend = entry.backend
    return {
        "name": backend.name,
        "aliases": list(backend.aliases),
        "installed": not entry.missing,
        "missing": list(entry.missing),
        "install_hint": backend.install_hint,
        "framework_version": _framework_version(entry),
        "capabilities": msgspec.to_builtins(backend.capabilities),
        "options": [msgspec.to_builtins(option) for option in describe_options(backend)],
        "origin": msgspec.to_builtins(entry.origin),
        "api_version": backend.api_version,
    }


def _broken(plugins: Plugins) -> list[dict[str, Any]]:
    return [{"plugin": str(one.origin), "backend": one.backend, "reason": one.reason} for one in plugins.broken]


def _print_json(value: object) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def _framework_version(entry: BackendEntry) -> str:
    """The version of the distribution that the framework's module comes from, read without importing it."""
    from importlib import metadata

    if entry.missing:
        return ""
    owners = metadata.packages_distributions()
    for module in entry.backend.requires:
        for distribution in owners.get(module, ()):
            return f"{distribution} {metadata.version(distribution)}"
    return ""


def _print_all(plugins: Plugins) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("backend", "framework", "native", "imports", "devices", box=None, pad_edge=False)
    foreign: list[BackendEntry] = []
    for entry in plugins.backends:
        backend, capabilities = entry.backend, entry.backend.capabilities
        if entry.origin.distribution != DISTRIBUTION:
            foreign.append(entry)
        table.add_row(
            *map(
                Text,
                (
                    backend.name,
                    _framework_version(entry) or "not installed",
                    ", ".join(capabilities.formats),
                    ", ".join(capabilities.imports),
                    ", ".join(capabilities.device_kinds),
                ),
            )
        )
    console = Console()
    console.print(table)
    for entry in plugins.backends:
        if entry.missing:
            console.print(Text(f"{entry.name}: {', '.join(entry.missing)} is missing: {entry.backend.install_hint}"))
    for entry in foreign:
        console.print(Text(f"{entry.name} comes from {entry.origin}"))
    for broken in plugins.broken:
        console.print(Text(f"broken: {broken.origin}: {broken.reason}", style="red"))


def _print_one(entry: BackendEntry) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    facts = _facts(entry)
    capabilities = facts["capabilities"]
    table = Table(box=None, pad_edge=False, show_header=False)
    rows = {
        "backend": " ".join((facts["name"], *(f"(also {alias})" for alias in facts["aliases"]))),
        "framework": facts["framework_version"] or f"not installed: {facts['install_hint']}",
        "formats": ", ".join(capabilities["formats"]),
        "imports": ", ".join(capabilities["imports"]) or "none",
        "devices": ", ".join(capabilities["device_kinds"]),
        "precisions": ", ".join(capabilities["precisions"]),
        "from": str(entry.origin),
    }
    for key, value in rows.items():
        table.add_row(Text(key), Text(value))
    console = Console()
    console.print(table)
    if facts["options"]:
        options = Table("option", "type", "default", "", box=None, pad_edge=False)
        for option in facts["options"]:
            options.add_row(*map(Text, (option["name"], option["type"], option["default"], option["text"])))
        console.print()
        console.print(options)
