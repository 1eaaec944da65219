"""What is known of plugins and of what they registered."""

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
    """Where a plugin comes from."""

    plugin: str
    """Name of its entry point, or the file it was read from."""
    module: str
    distribution: str = ""
    version: str = ""

    def __str__(self) -> str:
        """`openvino (infer-compare-openvino 1.0)`."""
        source = f"{self.distribution} {self.version}".strip()
        return f"{self.plugin} ({source})" if source else self.plugin

    @property
    def built_in(self) -> bool:
        """Whether it comes with infer-compare itself."""
        return self.distribution.replace("_", "-") == DISTRIBUTION

    @property
    def third_party(self) -> str:
        """The distribution or file of somebody else; empty for what comes with infer-compare."""
        return "" if self.built_in else self.distribution or Path(self.plugin).name


class BackendEntry(msgspec.Struct, frozen=True):
    """A backend that can be asked for, with what its class says."""

    backend: type[Backend[Any]]
    """Only for a call of one of its methods; what it says is in the fields beside."""
    origin: Origin
    reference: str
    """How a worker finds the class again: `entry:PLUGIN:NAME` or `file:PATH:CLASS`."""
    name: str
    """What people type."""
    capabilities: Capabilities
    aliases: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    install_hint: str = ""
    distributions: dict[str, tuple[str, ...]] = {}
    """By each module that it requires or names, what brings it."""
    rests_on: tuple[str, ...] = ()
    """Other distributions that decide how its framework computes."""
    variables: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """Names of the distributions whose versions belong to its results, installed or not."""
        brought = (name for names in self.distributions.values() for name in names)
        plugin = (self.origin.distribution,) if self.origin.distribution else ()
        return tuple(dict.fromkeys((*brought, *self.rests_on, *plugin)))

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that the backend requires and that are not installed; nothing is imported to find out."""
        return tuple(module for module in self.requires if not is_installed(module))

    @property
    def endings(self) -> dict[str, tuple[Ending, ...]]:
        """By format, how the names of its files end."""
        return {form: tuple(map(Ending.parse, texts)) for form, texts in self.capabilities.suffixes.items()}


class ConverterEntry(msgspec.Struct, frozen=True):
    """A converter that can be used."""

    converter: Converter
    origin: Origin
    reference: str
    """How a worker finds it again: `PLUGIN:SOURCE:TARGET`."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that it requires and that are not installed; nothing is imported to find out."""
        return tuple(module for module in self.converter.requires if not is_installed(module))


class DatasetEntry(msgspec.Struct, frozen=True):
    """A data set that can be used."""

    dataset: BuiltinDataset
    origin: Origin
    reference: str
    """How a worker finds it again: `PLUGIN:NAME`."""


class LauncherEntry(msgspec.Struct, frozen=True):
    """A launcher that can be asked for, with what its class says."""

    launcher: type[Launcher]
    """Only to make one; what it says is in the fields beside."""
    origin: Origin
    name: str
    """What people type."""
    install_hint: str = ""
    requires: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that it requires and that are not installed; nothing is imported to find out."""
        return tuple(module for module in self.requires if not is_installed(module))


class Broken(msgspec.Struct, frozen=True):
    """A plugin, or one backend of it, that cannot be used."""

    origin: Origin
    reason: str
    backend: str | None = None


def is_installed(module: str) -> bool:
    """Return whether a top-level module can be found, without importing it."""
    try:
        # Looking for what is inside a package would import the package.
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False
