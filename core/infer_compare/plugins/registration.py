"""What plugins registered: read once and checked, so that nothing of a plugin is asked again while it is listed.

A class or an object of a plugin may hold anything, and say something else each time. What the parent process needs to know
of it is kept here as plain values. Names must be of characters that can be typed; other texts are made safe to show.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.foreign import one_line, repr_of
from infer_compare.interfaces import API_VERSION, Backend, BuiltinModel, Capabilities, Converter, Options, Reporter
from infer_compare.request.contenders import CORE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

LONGEST_NAME = 64
LONGEST_TEXT = 300

_NAME = re.compile(r"\w[\w.+-]*")
"""Names of plugins, models and formats: they become words of a command line and parts of file names."""
_SUFFIX = re.compile(r"(\.\w[\w+-]*)*")
_VARIABLES = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]*")
"""A whole first word at least: what is recorded is shown to others."""
_CHECKED = ("source", "target", "cost", "backend", "requires", "install_hint", "options", "suffixes")


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
    variables: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Modules that the backend requires and that are not installed; nothing is imported to find out."""
        return tuple(module for module in self.requires if not is_installed(module))


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


class Unfit(Exception):
    """Something that a plugin registered cannot be used; the text says why, as a clause."""


class RegisteredReporter:
    """A report format of a plugin, with its name and what it needs as plain values."""

    def __init__(self, reporter: Reporter, values: Mapping[str, Any]) -> None:
        """Keep the format's own function, and the values that were read of it."""
        self.name: str = values["name"]
        self.suffix: str = values["suffix"]
        self.requires: tuple[str, ...] = values["requires"]
        self.install_hint: str = values["install_hint"]
        self._reporter = reporter

    def render(self, document: Any) -> str | bytes:  # noqa: ANN401 - the report document's type stands above this layer
        """Return what the plugin makes of the document."""
        return self._reporter.render(document)


class RegisteredReporterOfMany(RegisteredReporter):
    """One that takes several runs."""

    def render_many(self, documents: Sequence[Any]) -> str | bytes:
        """Return what the plugin makes of the documents."""
        made: str | bytes = self._reporter.render_many(documents)  # type: ignore[attr-defined]
        return made


def is_installed(module: str) -> bool:
    """Return whether a top-level module can be found, without importing it."""
    try:
        # Looking for what is inside a package would import the package.
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def can_be_typed(name: object) -> bool:
    """Return whether a name is of letters, digits and `_ . + -`, and not too long."""
    return type(name) is str and len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None


def read_backend(
    candidate: object, origin: Origin, taken: Mapping[str, BackendEntry], reference: str = ""
) -> BackendEntry:
    """Return the entry of a class that was registered; to be called in the plugin's guard, since the class is asked.

    Args:
        candidate: what the plugin's hook returned.
        origin: the plugin.
        taken: names and aliases that are registered already.
        reference: how a worker finds it; that of an entry point when empty.

    Raises:
        Unfit: it cannot be used as a backend.
    """
    if not (isinstance(candidate, type) and issubclass(candidate, Backend)):
        raise Unfit(f"{repr_of(candidate)} is not a subclass of infer_compare.backends.Backend")
    name = _backend_name(candidate)
    written = candidate.api_version
    if written != API_VERSION:
        newer = type(written) is int and written > API_VERSION
        raise Unfit(
            f"{name} was written for version {repr_of(written)} of the plugin interface, but this infer-compare has "
            f"version {API_VERSION}; install a newer release of {'infer-compare' if newer else 'the plugin'}"
        )
    if candidate.__abstractmethods__:
        raise Unfit(f"{name} does not implement {', '.join(sorted(candidate.__abstractmethods__))}")
    capabilities = _capabilities(name, candidate)
    options: Any = candidate.options
    if not (isinstance(options, type) and issubclass(options, Options)):
        raise Unfit(f"{name}.options must be a subclass of infer_compare.backends.Options")
    for word in CORE:
        if word in options.__struct_fields__:
            raise Unfit(f"{name}.options has {word!r}, which is reserved by infer-compare; rename it")
    requires, aliases = (_words(name, words) for words in (candidate.requires, candidate.aliases))
    for alias in aliases:
        if alias != alias.lower():
            raise Unfit(f"{name}: the alias {alias!r} must be in lower case")
    for word in (name, *aliases):
        if word in taken:
            raise Unfit(f"the name {word!r} is already taken by {taken[word].origin}; {origin} needs another name")
    return BackendEntry(
        backend=candidate,
        origin=origin,
        reference=reference or f"entry:{origin.plugin}:{name}",
        name=name,
        capabilities=capabilities,
        aliases=aliases,
        requires=requires,
        install_hint=_text(candidate.install_hint, f"{name}.install_hint"),
        distributions={module: (module,) for module in requires} | _distributions(name, candidate.distributions),
        variables=_variables(name, candidate.variables),
    )


def _backend_name(candidate: type[Backend[Any]]) -> str:
    name: Any = getattr(candidate, "name", None)
    if type(name) is not str or not name.isidentifier() or name != name.lower() or len(name) > LONGEST_NAME:
        raise Unfit(
            f"{one_line(candidate.__qualname__, LONGEST_NAME)} needs a class attribute `name`, a lower-case identifier, "
            f"and has {repr_of(name)}"
        )
    return str(name)


def _capabilities(name: str, candidate: type[Backend[Any]]) -> Capabilities:
    found = getattr(candidate, "capabilities", None)
    if not isinstance(found, Capabilities):
        raise Unfit(f"{name} needs a class attribute `capabilities`")
    values = {field: getattr(found, field) for field in Capabilities.__struct_fields__}
    try:
        checked = msgspec.convert(values, Capabilities)
    except msgspec.ValidationError as error:
        raise Unfit(f"{name}.capabilities does not fit: {one_line(str(error), LONGEST_TEXT)}") from None
    for field in Capabilities.__struct_fields__:
        words = getattr(checked, field)
        if isinstance(words, tuple) and not all(map(can_be_typed, words)):
            raise Unfit(
                f"{name}.capabilities.{field} must hold words of letters, digits and _ . + - only, not {repr_of(words)}"
            )
    return checked


def _words(name: str, words: object) -> tuple[str, ...]:
    if not isinstance(words, tuple) or not all(map(can_be_typed, words)):
        raise Unfit(f"{name}: `requires` and `aliases` must be tuples of strings, not {repr_of(words)}")
    return tuple(words)


def _distributions(name: str, declared: object) -> dict[str, tuple[str, ...]]:
    try:
        checked = msgspec.convert(declared, dict[str, tuple[str, ...]])
    except msgspec.ValidationError as error:
        raise Unfit(f"{name}.distributions does not fit: {one_line(str(error), LONGEST_TEXT)}") from None
    for word in (word for module, words in checked.items() for word in (module, *words)):
        if not can_be_typed(word):
            raise Unfit(f"{name}.distributions must hold names of modules and distributions, not {repr_of(word)}")
    return checked


def _variables(name: str, beginnings: object) -> tuple[str, ...]:
    if not isinstance(beginnings, tuple) or not all(
        type(word) is str and _VARIABLES.fullmatch(word) for word in beginnings
    ):
        raise Unfit(f"{name}.variables must be a tuple of beginnings such as 'ORT_', not {repr_of(beginnings)}")
    return tuple(beginnings)


def read_model(candidate: object) -> BuiltinModel:
    """Return a model that was registered, checked; to be called in the plugin's guard.

    Raises:
        Unfit: it is not a `BuiltinModel` that can be listed and built.
    """
    if not isinstance(candidate, BuiltinModel):
        raise Unfit(f"{repr_of(candidate)} is not an infer_compare.backends.BuiltinModel")
    name, build = candidate.name, candidate.build
    if not can_be_typed(name):
        raise Unfit(f"a model's name may only contain letters, digits and _ . + -, not {repr_of(name)}")
    if not callable(build):
        raise Unfit(f"`build` of the model {name} must be a function, not {repr_of(build)}")
    return BuiltinModel(name=name, summary=_text(candidate.summary, f"`summary` of the model {name}"), build=build)


def read_converter(candidate: object) -> Converter:
    """Return a converter that was registered, checked; to be called in the plugin's guard.

    Raises:
        Unfit: it is not a `Converter` that can be used.
    """
    if not isinstance(candidate, Converter):
        raise Unfit(f"{repr_of(candidate)} is not an infer_compare.backends.Converter")
    convert, values = candidate.convert, {field: getattr(candidate, field) for field in _CHECKED}
    for field in ("source", "target"):
        if not can_be_typed(values[field]):
            raise Unfit(
                f"`{field}` of a converter may only contain letters, digits and _ . + -, not {repr_of(values[field])}"
            )
    what = f"the converter from {values['source']} to {values['target']}"
    if not callable(convert):
        raise Unfit(f"`convert` of {what} must be a function, not {repr_of(convert)}")
    values["install_hint"] = _text(values["install_hint"], f"`install_hint` of {what}")
    try:
        checked = msgspec.convert({**values, "convert": None}, _Edge)
    except msgspec.ValidationError as error:
        raise Unfit(f"{what} does not fit: {one_line(str(error), LONGEST_TEXT)}") from None
    # An infinite or negative cost has no cheapest way.
    if not 0 <= checked.cost < float("inf"):
        raise Unfit(f"`cost` of {what} must be a number of 0 or more, not {checked.cost}")
    return Converter(convert=convert, **{field: getattr(checked, field) for field in _CHECKED})


class _Edge(msgspec.Struct):
    """What of a converter can be checked by its types."""

    source: str
    target: str
    cost: float
    backend: str
    requires: tuple[str, ...]
    install_hint: str
    options: dict[str, str]
    suffixes: tuple[str, ...]


def read_reporter(candidate: Any, taken: Collection[str]) -> Reporter:  # noqa: ANN401 - a third party's object may be anything
    """Return a report format that was registered, checked; to be called in the plugin's guard.

    Raises:
        Unfit: it has no usable name, suffix or `render`, or its name is taken by another plugin's.
    """
    name, suffix = getattr(candidate, "name", None), getattr(candidate, "suffix", None)
    if not can_be_typed(name):
        raise Unfit(
            f"a report format's `name` may only contain letters, digits and _ . + -; {repr_of(candidate)} has {repr_of(name)}"
        )
    assert isinstance(name, str)
    if name in taken:
        raise Unfit(f"the report format {name} already comes from another plugin")
    if type(suffix) is not str or len(suffix) > LONGEST_NAME or _SUFFIX.fullmatch(suffix) is None:
        raise Unfit(f"`suffix` of the report format {name} must look like .txt, not {repr_of(suffix)}")
    if not callable(getattr(candidate, "render", None)):
        raise Unfit(f"the report format {name} has no method `render`")
    values = {
        "name": name,
        "suffix": suffix,
        "requires": _words(f"the report format {name}", tuple(getattr(candidate, "requires", ()))),
        "install_hint": _text(getattr(candidate, "install_hint", ""), f"`install_hint` of the report format {name}"),
    }
    many = callable(getattr(candidate, "render_many", None))
    return RegisteredReporterOfMany(candidate, values) if many else RegisteredReporter(candidate, values)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Unfit(f"{what} must be a text, not {repr_of(value)}")
    return one_line(str.__str__(value), LONGEST_TEXT)
