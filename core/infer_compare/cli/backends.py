"""`infer-compare backends`: lists backends with their capabilities, and broken plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.completing import BACKEND
from infer_compare.cli.flags import AS_JSON
from infer_compare.cli.installed import installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.plugins import BackendEntry, Plugins


@click.command("backends")
@click.argument("name", required=False, shell_complete=BACKEND)
@AS_JSON
@click.pass_obj
def command(settings: dict[str, Any], *, name: str | None, as_json: bool) -> None:
    """List backends, or describe the backend NAME: formats, devices, options, and where it comes from."""
    plugins = installed(settings)
    if name is not None:
        entry = plugins.find(name)
        if as_json:
            stdout.document(_facts(entry, _framework_versions([entry])[entry.name]))
        else:
            _print_one(entry)
    elif as_json:
        stdout.document(_all_facts(plugins))
    else:
        _print_all(plugins)


def _facts(entry: BackendEntry, version: str) -> dict[str, Any]:
    import msgspec

    from infer_compare.interfaces import API_VERSION
    from infer_compare.plugins import describe_options

    return {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "installed": not entry.missing,
        "missing": list(entry.missing),
        "install_hint": entry.install_hint,
        "framework_version": version,
        "capabilities": msgspec.to_builtins(entry.capabilities),
        "options": [msgspec.to_builtins(option) for option in describe_options(entry.backend)],
        "origin": msgspec.to_builtins(entry.origin),
        "api_version": API_VERSION,
    }


def _all_facts(plugins: Plugins) -> dict[str, Any]:
    """Return the facts about each backend; those whose options cannot be read are listed as broken."""
    from infer_compare.errors import BackendUnusable

    facts: list[dict[str, Any]] = []
    broken = [
        {"plugin": str(plugin.origin), "backend": plugin.backend, "reason": plugin.reason} for plugin in plugins.broken
    ]
    versions = _framework_versions(plugins.backends)
    for entry in plugins.backends:
        try:
            facts.append(_facts(entry, versions[entry.name]))
        except BackendUnusable as error:
            broken.append({"plugin": str(entry.origin), "backend": entry.name, "reason": str(error)})
    return {"backends": facts, "broken": broken}


def _framework_versions(entries: Sequence[BackendEntry]) -> dict[str, str]:
    """Return distribution and version of each backend's framework, read without importing it."""
    from infer_compare import distributions
    from infer_compare.foreign import one_line

    here = [entry for entry in entries if not entry.missing]
    owners = distributions.owners({module for entry in here for module in entry.requires})
    versions = dict.fromkeys((entry.name for entry in entries), "")
    for entry in here:
        name = next((name for module in entry.requires for name in owners[module]), None)
        if name is not None:
            versions[entry.name] = one_line(f"{name} {distributions.version(name)}")
    return versions


def _print_all(plugins: Plugins) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("backend", "framework", "native", "imports", "devices", box=None, pad_edge=False)
    foreign: list[BackendEntry] = []
    versions = _framework_versions(plugins.backends)
    for entry in plugins.backends:
        capabilities = entry.capabilities
        if not entry.origin.built_in:
            foreign.append(entry)
        table.add_row(
            *map(
                Text,
                (
                    entry.name,
                    versions[entry.name] or "not installed",
                    ", ".join(capabilities.formats),
                    ", ".join(capabilities.imports),
                    ", ".join(capabilities.device_kinds),
                ),
            )
        )
    console = stdout.console()
    console.print(table)
    for entry in plugins.backends:
        if entry.missing:
            console.print(Text(f"{entry.name}: {', '.join(entry.missing)} is not installed: {entry.install_hint}"))
    for entry in foreign:
        console.print(Text(f"{entry.name} comes from {entry.origin}"))
    for broken in plugins.broken:
        console.print(Text(f"broken: {broken.origin}: {broken.reason}", style="red"))


def _print_one(entry: BackendEntry) -> None:
    from rich.table import Table
    from rich.text import Text

    facts = _facts(entry, _framework_versions([entry])[entry.name])
    capabilities = facts["capabilities"]
    table = Table(box=None, pad_edge=False, show_header=False)
    rows = {
        "backend": " ".join((facts["name"], *(f"(also {alias})" for alias in facts["aliases"]))),
        "framework": facts["framework_version"] or f"not installed: {facts['install_hint']}",
        "formats": ", ".join(capabilities["formats"]),
        "files": ", ".join(str(ending) for endings in entry.endings.values() for ending in endings),
        "imports": ", ".join(capabilities["imports"]) or "none",
        "devices": ", ".join(capabilities["device_kinds"]),
        "precisions": ", ".join(capabilities["precisions"]),
        "from": str(entry.origin),
    }
    for key, value in rows.items():
        if value:
            table.add_row(Text(key), Text(value))
    console = stdout.console()
    console.print(table)
    if facts["options"]:
        options = Table("option", "type", "default", "", box=None, pad_edge=False)
        for option in facts["options"]:
            options.add_row(*map(Text, (option["name"], option["type"], option["default"], option["text"])))
        console.print()
        console.print(options)
