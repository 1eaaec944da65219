"""Descriptions of plugins and of the objects that they registered."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from infer_compare.interfaces import Backend, BuiltinDataset, Capabilities, Converter
from infer_compare.interfaces.launchers import Launcher
from infer_compare.plugins.endings import Ending

DISTRIBUTION = "infer-compare"


class Origin(msgspec.Struct, frozen=True):
    """The origin of a plugin: its entry point, module and distribution."""

    plugin: str
    """Name of its entry point, or its file."""
    module: str
    distribution: str = ""
    version: str = ""

    def __str__(self) -> str:
        """Return a text such as `openvino (infer-compare-openvino 1.0)`."""
        source = f"{self.distribution} {self.version}".strip()
        return f"{self.plugin} ({source})" if source else self.plugin

    @property
    def built_in(self) -> bool:
        """Whether the plugin is part of infer-compare."""
        return self.distribution.replace("_", "-") == DISTRIBUTION

    @property
    def third_party(self) -> str:
        """The distribution or file of the plugin; empty if it is built in."""
        return "" if self.built_in else self.distribution or Path(self.plugin).name


class BackendEntry(msgspec.Struct, frozen=True):
    """A usable backend, with the checked attributes of its class."""

    backend: type[Backend[Any]]
    """Only for calling its methods; its attributes are in the other fields."""
    origin: Origin
    reference: str
    """By which a worker finds the class: `entry:PLUGIN:NAME` or `file:PATH:CLASS`."""
    name: str
    """The name that users type."""
    capabilities: Capabilities
    aliases: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    install_hint: str = ""
    distributions: dict[str, tuple[str, ...]] = {}
    """The distributions that contain each module that it requires or names."""
    rests_on: tuple[str, ...] = ()
    """Other distributions that affect how its framework computes."""
    variables: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """Names of the distributions whose versions are recorded with its results, installed or not."""
        brought = (name for names in self.distributions.values() for name in names)
        plugin = (self.origin.distribution,) if self.origin.distribution else ()
        return tuple(dict.fromkeys((*brought, *self.rests_on, *plugin)))

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that the backend requires and that are not installed; determined without importing anything."""
        return tuple(module for module in self.requires if not is_installed(module))

    @property
    def endings(self) -> dict[str, tuple[Ending, ...]]:
        """The endings of its model files, by format."""
        return {form: tuple(map(Ending.parse, texts)) for form, texts in self.capabilities.suffixes.items()}


class ConverterEntry(msgspec.Struct, frozen=True):
    """A usable converter."""

    converter: Converter
    origin: Origin
    reference: str
    """By which a worker finds it: `PLUGIN:SOURCE:TARGET`."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that it requires and that are not installed; determined without importing anything."""
        return tuple(module for module in self.converter.requires if not is_installed(module))


class DatasetEntry(msgspec.Struct, frozen=True):
    """A usable data set."""

    dataset: BuiltinDataset
    origin: Origin
    reference: str
    """By which a worker finds it: `PLUGIN:NAME`."""


class LauncherEntry(msgspec.Struct, frozen=True):
    """A usable launcher, with the checked attributes of its class."""

    launcher: type[Launcher]
    """Only for making an instance; its attributes are in the other fields."""
    origin: Origin
    name: str
    """The name that users type."""
    install_hint: str = ""
    requires: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that it requires and that are not installed; determined without importing anything."""
        return tuple(module for module in self.requires if not is_installed(module))


class Broken(msgspec.Struct, frozen=True):
    """A plugin, or one backend of it, that cannot be used."""

    origin: Origin
    reason: str
    backend: str | None = None


def is_installed(module: str) -> bool:
    """Return whether a top-level module can be found, without importing it."""
    try:
        # Looking up a submodule would import its package.
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False
