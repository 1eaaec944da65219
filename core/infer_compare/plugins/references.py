"""Loading backends, converters and data sets by reference, as workers do: only their plugin is imported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from infer_compare import distributions
from infer_compare.errors import BackendUnusable, UnknownBackend
from infer_compare.interfaces import GROUP, Backend, BuiltinDataset, Converter
from infer_compare.plugins.backend_files import file_converters, load_file, load_file_backend
from infer_compare.plugins.discovery import Plugins


def load_backend(reference: str) -> type[Backend[Any]]:
    """Return the backend class that a reference names; only its plugin is imported.

    Raises:
        UnknownBackend: it is not installed here.
        BackendUnusable: its plugin cannot be imported.
    """
    kind, _, rest = reference.partition(":")
    place, _, name = rest.rpartition(":")
    if kind == "file":
        return load_file_backend(Path(place), name)
    return _only(place).find(name).backend


def load_converter(reference: str) -> Converter:
    """Return the converter that a reference names; only its plugin is imported.

    Raises:
        UnknownBackend: its plugin is not installed here.
        BackendUnusable: its plugin cannot be imported, or has no such converter.
    """
    place = reference.rsplit(":", 2)[0]
    if place.startswith("file:"):
        path = Path(place.removeprefix("file:"))
        entries, reason = file_converters(load_file(path), path), ""
    else:
        plugins = _only(place)
        entries, reason = plugins.converters, next((broken.reason for broken in plugins.broken), "")
    for entry in entries:
        if entry.reference == reference:
            return entry.converter
    reason = reason or "it brings no such converter"
    raise BackendUnusable(f"The converter {reference} cannot be used: {reason}.")


def load_dataset(reference: str) -> BuiltinDataset:
    """Return the data set that a reference names; only its plugin is imported.

    Raises:
        UnknownBackend: its plugin is not installed here.
        BackendUnusable: its plugin cannot be imported, or has no such data set.
    """
    plugins = _only(reference.partition(":")[0])
    for entry in plugins.datasets:
        if entry.reference == reference:
            return entry.dataset
    reason = next((broken.reason for broken in plugins.broken), "it brings no such data set")
    raise BackendUnusable(f"The data set {reference} cannot be used: {reason}.")


def _only(plugin: str) -> Plugins:
    points = [point for point in distributions.entry_points(GROUP)[0] if point.name == plugin]
    if not points:
        raise UnknownBackend(f"No plugin {plugin!r} is installed for the interpreter {sys.executable}.")
    return Plugins.discover(points=points)
