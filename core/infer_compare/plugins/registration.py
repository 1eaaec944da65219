"""Checks of backends, models and data sets that plugins register, whose attributes are read once.

A class or an object of a plugin may have attributes of any kind, which may change with each access. The parent process therefore
keeps plain values of what it needs. Names must consist of characters that can be typed; other texts are made safe for display.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.foreign import one_line, repr_of
from infer_compare.interfaces import API_VERSION, Backend, BuiltinDataset, BuiltinModel, Capabilities, Options
from infer_compare.plugins.endings import ONNX, Ending
from infer_compare.plugins.entries import BackendEntry, Origin
from infer_compare.request.contenders import CORE, LATER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LONGEST_NAME = 64
LONGEST_TEXT = 300
_NAME = re.compile(r"\w[\w.+-]*")
"""Names of plugins, models and formats: they become words of a command line and parts of file names."""
_VARIABLES = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]*")
"""Prefixes of environment variables. They contain at least a whole first word, since matching variables become public."""


class Unfit(Exception):
    """An object that a plugin registered cannot be used; the text gives the reason as a clause."""


def can_be_typed(name: object) -> bool:
    """Return whether a name consists of letters, digits and `_ . + -`, and is not too long."""
    return type(name) is str and len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None


def read_backend(
    candidate: object, origin: Origin, taken: Mapping[str, BackendEntry], reference: str = ""
) -> BackendEntry:
    """Return the entry of a registered backend after checks; to be called within `guarded`, since it reads the class.

    Args:
        candidate: the object that the plugin's hook returned.
        origin: the plugin.
        taken: names and aliases that are already registered.
        reference: by which a worker finds it; that of an entry point when empty.

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
        if word in options.__struct_fields__ and word not in LATER:
            raise Unfit(f"{name}.options has {word!r}, which is reserved by infer-compare; rename it")
    requires, aliases = (words_of(name, words) for words in (candidate.requires, candidate.aliases))
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
        install_hint=text_field(candidate.install_hint, f"{name}.install_hint"),
        distributions={module: (module,) for module in requires} | _distributions(name, candidate.distributions),
        rests_on=_rests_on(name, candidate.rests_on),
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
    declared = getattr(candidate, "capabilities", None)
    if not isinstance(declared, Capabilities):
        raise Unfit(f"{name} needs a class attribute `capabilities`")
    values = {field: getattr(declared, field) for field in Capabilities.__struct_fields__}
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
    _check_suffixes(f"{name}.capabilities.suffixes", checked)
    return checked


def _check_suffixes(what: str, capabilities: Capabilities) -> None:
    taken = {*capabilities.formats, *capabilities.imports, *capabilities.describes}
    for form, endings in capabilities.suffixes.items():
        if form not in taken:
            raise Unfit(
                f"{what} names the format {repr_of(form)}, which is in neither formats nor imports; add it to one"
            )
        for text in endings:
            try:
                ending = Ending.parse(text)
            except ValueError as error:
                raise Unfit(f"{what}: {one_line(str(error), LONGEST_TEXT)}") from None
            if form != ONNX and ending.suffix == f".{ONNX}":
                raise Unfit(f"{what}: files that end in {ending.suffix} are of the format {ONNX}, not {form}")


def words_of(name: str, words: object) -> tuple[str, ...]:
    """Return names of modules or aliases, checked.

    Raises:
        Unfit: they are not a tuple of names.
    """
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


def _rests_on(name: str, names: object) -> tuple[str, ...]:
    if not isinstance(names, tuple) or not all(map(can_be_typed, names)):
        raise Unfit(f"{name}.rests_on must be a tuple of names of distributions, not {repr_of(names)}")
    return tuple(names)


def _variables(name: str, beginnings: object) -> tuple[str, ...]:
    if not isinstance(beginnings, tuple) or not all(
        type(word) is str and _VARIABLES.fullmatch(word) for word in beginnings
    ):
        raise Unfit(f"{name}.variables must be a tuple of beginnings such as 'ORT_', not {repr_of(beginnings)}")
    return tuple(beginnings)


def read_model(candidate: object) -> BuiltinModel:
    """Return a registered model after checks; to be called within `guarded`.

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
    axes: object = candidate.axes
    if not isinstance(axes, tuple) or not all(type(axis) is str and axis.isidentifier() for axis in axes):
        raise Unfit(f"`axes` of the model {name} must be a tuple of names such as 'seq', not {repr_of(axes)}")
    summary = text_field(candidate.summary, f"`summary` of the model {name}")
    return BuiltinModel(name=name, summary=summary, build=build, axes=axes)


def read_dataset(candidate: object, taken: Collection[str]) -> BuiltinDataset:
    """Return a registered data set after checks; to be called within `guarded`.

    Raises:
        Unfit: it is not a `BuiltinDataset` that can be listed and loaded, or its name is taken.
    """
    if not isinstance(candidate, BuiltinDataset):
        raise Unfit(f"{repr_of(candidate)} is not an infer_compare.backends.BuiltinDataset")
    name, load = candidate.name, candidate.load
    if not can_be_typed(name):
        raise Unfit(f"a data set's name may only contain letters, digits and _ . + -, not {repr_of(name)}")
    if name in taken:
        raise Unfit(f"the data set {name} already comes from another plugin")
    if not callable(load):
        raise Unfit(f"`load` of the data set {name} must be a function, not {repr_of(load)}")
    summary = text_field(candidate.summary, f"`summary` of the data set {name}")
    return BuiltinDataset(name=name, summary=summary, load=load)


def text_field(value: object, what: str) -> str:
    """Return a text as a single line, shortened for display.

    Raises:
        Unfit: it is not a text.
    """
    if not isinstance(value, str):
        raise Unfit(f"{what} must be a text, not {repr_of(value)}")
    return one_line(str.__str__(value), LONGEST_TEXT)
