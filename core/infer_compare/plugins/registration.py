"""What a plugin registered, and why some of it was refused."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.interfaces import API_VERSION, Backend, Capabilities, Converter, Options

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class BackendEntry(msgspec.Struct, frozen=True):
    """A backend that can be asked for."""

    backend: type[Backend[Any]]
    origin: Origin
    reference: str
    """How a worker finds the class again: `entry:PLUGIN:NAME` or `file:PATH:CLASS`."""

    @property
    def name(self) -> str:
        """What people type."""
        return self.backend.name

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that the backend requires and that are not installed; nothing is imported to find out."""
        return tuple(module for module in self.backend.requires if not is_installed(module))


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


class Broken(msgspec.Struct, frozen=True):
    """A plugin, or one backend of it, that cannot be used."""

    origin: Origin
    reason: str
    backend: str | None = None


def is_installed(module: str) -> bool:
    """Whether a top-level module can be found, without importing it."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def refusal(candidate: object, origin: Origin, taken: Mapping[str, BackendEntry]) -> str | None:
    """Why a registered object is not usable as a backend, or None when it is.

    Args:
        candidate: what the plugin's hook returned.
        origin: the plugin.
        taken: names and aliases that are registered already.
    """
    if not (isinstance(candidate, type) and issubclass(candidate, Backend)):
        return f"{candidate!r} is not a subclass of infer_compare.Backend"
    return _flaw(candidate, origin, taken)


def _flaw(candidate: Any, origin: Origin, taken: Mapping[str, BackendEntry]) -> str | None:  # noqa: ANN401 - a third party's class may hold anything
    name = getattr(candidate, "name", None)
    if not isinstance(name, str) or not name.isidentifier() or name != name.lower():
        return f"{candidate.__qualname__} needs a class attribute `name`, a lower-case identifier, and has {name!r}"
    if candidate.api_version != API_VERSION:
        return (
            f"{name} was written for version {candidate.api_version!r} of the backend interface; "
            f"this infer-compare speaks version {API_VERSION}"
        )
    if candidate.__abstractmethods__:
        return f"{name} does not implement {', '.join(sorted(candidate.__abstractmethods__))}"
    if not isinstance(getattr(candidate, "capabilities", None), Capabilities):
        return f"{name} needs a class attribute `capabilities`"
    if not (isinstance(candidate.options, type) and issubclass(candidate.options, Options)):
        return f"{name}.options must be a subclass of infer_compare.Options"
    for words in (candidate.requires, candidate.aliases):
        if not isinstance(words, tuple) or not all(isinstance(word, str) and word for word in words):
            return f"{name}: `requires` and `aliases` must be tuples of strings, not {words!r}"
    for alias in candidate.aliases:
        if alias != alias.lower():
            return f"{name}: the alias {alias!r} must be in lower case, as names are looked up"
    for word in (name, *candidate.aliases):
        if word in taken:
            return f"the name {word!r} is taken by {taken[word].origin}, and {origin} wants it too"
    return None
